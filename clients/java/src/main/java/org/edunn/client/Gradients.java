package org.edunn.client;

import java.util.Map;

/**
 * The answer of a {@link Backward}.
 *
 * @param input the gradient of the error with respect to the forward's input, in its shape; for a
 *     loss with respect to {@code y}
 * @param parameters the gradients with respect to the parameters, by name and in their shapes;
 *     empty for a layer without parameters
 * @param forwardId the name of the forward that the backward went back through
 */
public record Gradients(Tensor input, Map<String, Tensor> parameters, String forwardId) {

  static Gradients fromWire(org.edunn.serving.v1.BackwardResponse message, String forwardId) {
    return new Gradients(
        Tensor.fromWire(message.getInputGradient()),
        Tensors.fromWire(message.getParameterGradientsMap()),
        forwardId);
  }
}
