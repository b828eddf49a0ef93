package org.edunn.client;

import java.util.List;

/**
 * An array of a data set, without its elements.
 *
 * @param dataType what the elements are
 * @param shape the size of each axis, outermost first
 */
public record ArraySpec(DataType dataType, List<Long> shape) {
  static ArraySpec fromWire(org.edunn.serving.v1.ArraySpec message) {
    return new ArraySpec(DataType.fromWire(message.getDataType()), message.getShapeList());
  }

  /** Returns data type and shape, such as {@code float64 [2, 3]}. */
  @Override
  public String toString() {
    return dataType + " " + shape;
  }
}
