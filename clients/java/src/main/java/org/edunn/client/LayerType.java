package org.edunn.client;

import java.util.List;

/**
 * One entry of the catalogue: a kind of layer that a session can have.
 *
 * @param type the name to put into {@link LayerSpec#of}
 * @param summary what the layer computes, in one sentence
 * @param configFields the configuration fields, in the order of the layer's constructor
 * @param inputs the tensors that a forward takes, in order: one for a layer, {@code y_true} and
 *     {@code y} for a loss
 * @param parameters the arrays that the layer learns
 * @param buffers the arrays that the layer keeps but does not learn, such as BatchNorm's running
 *     statistics
 */
public record LayerType(
    String type,
    String summary,
    List<ConfigField> configFields,
    List<String> inputs,
    List<ParameterType> parameters,
    List<ParameterType> buffers) {

  static LayerType fromWire(org.edunn.serving.v1.LayerType message) {
    return new LayerType(
        message.getType(),
        message.getSummary(),
        message.getConfigFieldsList().stream().map(ConfigField::fromWire).toList(),
        List.copyOf(message.getInputsList()),
        message.getParametersList().stream().map(ParameterType::fromWire).toList(),
        message.getBuffersList().stream().map(ParameterType::fromWire).toList());
  }
}
