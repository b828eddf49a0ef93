package org.edunn.client;

import java.util.Arrays;

/** Whether a shape and a number of elements go together. */
final class TensorShape {
  private TensorShape() {}

  static void check(int elements, long[] shape) {
    long wanted = elements(shape);
    if (wanted == elements) {
      return;
    }
    if (wanted < 0) {
      throw new IllegalArgumentException(
          "no axis of the shape %s may be negative".formatted(Arrays.toString(shape)));
    }
    String hint =
        shape.length == 0 ? ", a scalar; for a vector give the shape [" + elements + "]" : "";
    throw new IllegalArgumentException(
        "%d elements do not fill the shape %s, which has %d%s"
            .formatted(elements, Arrays.toString(shape), wanted, hint));
  }

  /** Returns the product of the shape, or -1 if an axis is negative. */
  static long elements(long[] shape) {
    long elements = 1;
    for (long axis : shape) {
      if (axis < 0) {
        return -1;
      }
      // Where the product is larger than any number it is larger than any array, too.
      elements = axis == 0 || elements == 0 ? 0 : saturatingProduct(elements, axis);
    }
    return elements;
  }

  private static long saturatingProduct(long left, long right) {
    return left > Long.MAX_VALUE / right ? Long.MAX_VALUE : left * right;
  }
}
