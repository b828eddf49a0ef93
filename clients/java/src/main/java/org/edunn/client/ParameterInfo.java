package org.edunn.client;

import java.util.List;

/**
 * A parameter or buffer of a layer in a session, without its values.
 *
 * @param name its name, such as {@code w}; inside a Sequential {@code layer(w)}
 * @param dataType the element type
 * @param shape the size of each axis
 */
public record ParameterInfo(String name, DataType dataType, List<Long> shape) {

  static ParameterInfo fromWire(org.edunn.serving.v1.ParameterInfo message) {
    return new ParameterInfo(
        message.getName(),
        DataType.fromWire(message.getDataType()),
        List.copyOf(message.getShapeList()));
  }
}
