package org.edunn.client;

/** A tensor's elements for people, in nested brackets. */
final class TensorText {
  // Of an axis that is longer, only so many at both ends are shown.
  private static final int SHOWN_WHOLE = 8;
  private static final int SHOWN_AT_AN_END = 3;

  private final Tensor tensor;
  private final long[] shape;
  private final StringBuilder text = new StringBuilder();

  private TensorText(Tensor tensor) {
    this.tensor = tensor;
    shape = tensor.shape();
  }

  static String of(Tensor tensor) {
    TensorText text = new TensorText(tensor);
    text.write(0, 0, tensor.size());
    return text.text.toString();
  }

  /** Writes what lies along an axis; it begins at an element and has so many. */
  private void write(int axis, int first, int count) {
    if (axis == shape.length) {
      text.append(tensor.elementText(first));
      return;
    }
    long length = shape[axis];
    int each = length == 0 ? 0 : (int) (count / length);
    text.append('[');
    // Where another axis has no elements, this one may be of any length and shows nothing.
    for (long i = 0; i < length && count > 0; i++) {
      text.append(i == 0 ? "" : ", ");
      if (length > SHOWN_WHOLE && i == SHOWN_AT_AN_END) {
        text.append("...");
        i = length - SHOWN_AT_AN_END - 1;
      } else {
        write(axis + 1, (int) (first + i * each), each);
      }
    }
    text.append(']');
  }
}
