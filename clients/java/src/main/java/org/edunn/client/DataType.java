package org.edunn.client;

import java.util.Locale;

/** How the elements of a {@link Tensor} are encoded. */
public enum DataType {
  /** True or false, one byte an element. */
  BOOL(1, org.edunn.serving.v1.DataType.DATA_TYPE_BOOL),
  /** A Java {@code int}. */
  INT32(4, org.edunn.serving.v1.DataType.DATA_TYPE_INT32),
  /** A Java {@code long}. */
  INT64(8, org.edunn.serving.v1.DataType.DATA_TYPE_INT64),
  /** IEEE 754 binary16, for which Java has no type: only {@link Tensor#bytes()} reads it. */
  FLOAT16(2, org.edunn.serving.v1.DataType.DATA_TYPE_FLOAT16),
  /** A Java {@code float}. */
  FLOAT32(4, org.edunn.serving.v1.DataType.DATA_TYPE_FLOAT32),
  /** A Java {@code double}. */
  FLOAT64(8, org.edunn.serving.v1.DataType.DATA_TYPE_FLOAT64);

  private final int elementBytes;
  private final org.edunn.serving.v1.DataType wire;

  DataType(int elementBytes, org.edunn.serving.v1.DataType wire) {
    this.elementBytes = elementBytes;
    this.wire = wire;
  }

  /**
   * Returns the size of one element.
   *
   * @return the size in bytes
   */
  public int elementBytes() {
    return elementBytes;
  }

  /** Returns the type's name as NumPy and the service write it, such as {@code float64}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  org.edunn.serving.v1.DataType wire() {
    return wire;
  }

  static DataType fromWire(org.edunn.serving.v1.DataType wire) {
    for (DataType type : values()) {
      if (type.wire == wire) {
        return type;
      }
    }
    throw new InternalException("the service sent a tensor of unknown data type " + wire);
  }
}
