package org.edunn.client;

/**
 * A parameter of a layer type.
 *
 * @param name the parameter's name, such as {@code w}
 * @param shape its shape in terms of the configuration, such as {@code (input_size, output_size)}
 */
public record ParameterType(String name, String shape) {

  static ParameterType fromWire(org.edunn.serving.v1.ParameterType message) {
    return new ParameterType(message.getName(), message.getShape());
  }
}
