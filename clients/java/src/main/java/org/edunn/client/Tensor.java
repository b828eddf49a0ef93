package org.edunn.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * An array of any rank: its element type, its shape, and its elements in C order (the last axis
 * runs fastest).
 *
 * <p>A tensor is immutable and may be shared. Making one copies the elements once, in bulk; sending
 * it copies nothing more. No method casts: an array of {@code float} is a float32 tensor, and only
 * {@link #toFloatArray()} and {@link #asFloatBuffer()} read it.
 */
public final class Tensor {
  private final DataType dataType;
  private final long[] shape;
  // As on the wire: little-endian whatever the host.
  private final ByteString data;

  private Tensor(DataType dataType, long[] shape, ByteString data) {
    this.dataType = dataType;
    this.shape = shape;
    this.data = data;
  }

  /**
   * Makes a float64 tensor.
   *
   * @param values the elements in C order
   * @param shape the size of each axis; none for a scalar
   * @return the tensor
   * @throws IllegalArgumentException if the shape asks for another number of elements
   */
  public static Tensor of(double[] values, long... shape) {
    Objects.requireNonNull(values, "values");
    return of(DoubleBuffer.wrap(values), shape);
  }

  /**
   * Makes a float32 tensor.
   *
   * @param values the elements in C order
   * @param shape the size of each axis; none for a scalar
   * @return the tensor
   * @throws IllegalArgumentException if the shape asks for another number of elements
   */
  public static Tensor of(float[] values, long... shape) {
    Objects.requireNonNull(values, "values");
    return of(FloatBuffer.wrap(values), shape);
  }

  /**
   * Makes an int64 tensor.
   *
   * @param values the elements in C order
   * @param shape the size of each axis; none for a scalar
   * @return the tensor
   * @throws IllegalArgumentException if the shape asks for another number of elements
   */
  public static Tensor of(long[] values, long... shape) {
    Objects.requireNonNull(values, "values");
    return of(LongBuffer.wrap(values), shape);
  }

  /**
   * Makes an int32 tensor.
   *
   * @param values the elements in C order
   * @param shape the size of each axis; none for a scalar
   * @return the tensor
   * @throws IllegalArgumentException if the shape asks for another number of elements
   */
  public static Tensor of(int[] values, long... shape) {
    Objects.requireNonNull(values, "values");
    return of(IntBuffer.wrap(values), shape);
  }

  /**
   * Makes a bool tensor.
   *
   * @param values the elements in C order
   * @param shape the size of each axis; none for a scalar
   * @return the tensor
   * @throws IllegalArgumentException if the shape asks for another number of elements
   */
  public static Tensor of(boolean[] values, long... shape) {
    Objects.requireNonNull(values, "values");
    ByteBuffer bytes = room(DataType.BOOL, values.length, shape);
    // Java has no view of booleans as bytes, so here a loop it must be.
    for (boolean value : values) {
      bytes.put((byte) (value ? 1 : 0));
    }
    return wrap(DataType.BOOL, shape, bytes.flip());
  }

  /**
   * Makes a float64 tensor of what remains in a buffer, whose position does not move.
   *
   * @param values the elements in C order
   * @param shape the size of each axis; none for a scalar
   * @return the tensor
   * @throws IllegalArgumentException if the shape asks for another number of elements
   */
  public static Tensor of(DoubleBuffer values, long... shape) {
    Objects.requireNonNull(values, "values");
    ByteBuffer bytes = room(DataType.FLOAT64, values.remaining(), shape);
    bytes.asDoubleBuffer().put(values.duplicate());
    return wrap(DataType.FLOAT64, shape, bytes);
  }

  /**
   * Makes a float32 tensor of what remains in a buffer, whose position does not move.
   *
   * @param values the elements in C order
   * @param shape the size of each axis; none for a scalar
   * @return the tensor
   * @throws IllegalArgumentException if the shape asks for another number of elements
   */
  public static Tensor of(FloatBuffer values, long... shape) {
    Objects.requireNonNull(values, "values");
    ByteBuffer bytes = room(DataType.FLOAT32, values.remaining(), shape);
    bytes.asFloatBuffer().put(values.duplicate());
    return wrap(DataType.FLOAT32, shape, bytes);
  }

  /**
   * Makes an int64 tensor of what remains in a buffer, whose position does not move.
   *
   * @param values the elements in C order
   * @param shape the size of each axis; none for a scalar
   * @return the tensor
   * @throws IllegalArgumentException if the shape asks for another number of elements
   */
  public static Tensor of(LongBuffer values, long... shape) {
    Objects.requireNonNull(values, "values");
    ByteBuffer bytes = room(DataType.INT64, values.remaining(), shape);
    bytes.asLongBuffer().put(values.duplicate());
    return wrap(DataType.INT64, shape, bytes);
  }

  /**
   * Makes an int32 tensor of what remains in a buffer, whose position does not move.
   *
   * @param values the elements in C order
   * @param shape the size of each axis; none for a scalar
   * @return the tensor
   * @throws IllegalArgumentException if the shape asks for another number of elements
   */
  public static Tensor of(IntBuffer values, long... shape) {
    Objects.requireNonNull(values, "values");
    ByteBuffer bytes = room(DataType.INT32, values.remaining(), shape);
    bytes.asIntBuffer().put(values.duplicate());
    return wrap(DataType.INT32, shape, bytes);
  }

  /**
   * Makes a tensor of any type from its encoded elements.
   *
   * @param dataType how the elements are encoded
   * @param littleEndian what remains in the buffer: the elements in C order, little-endian whatever
   *     the buffer's own order; its position does not move
   * @param shape the size of each axis; none for a scalar
   * @return the tensor
   * @throws IllegalArgumentException if the shape asks for another number of bytes
   */
  public static Tensor ofBytes(DataType dataType, ByteBuffer littleEndian, long... shape) {
    Objects.requireNonNull(dataType, "dataType");
    Objects.requireNonNull(littleEndian, "littleEndian");
    int given = littleEndian.remaining();
    if (given % dataType.elementBytes() != 0) {
      throw new IllegalArgumentException(
          given + " bytes are no whole number of " + dataType + " elements");
    }
    ByteBuffer bytes = room(dataType, given / dataType.elementBytes(), shape);
    return wrap(dataType, shape, bytes.put(littleEndian.duplicate()).flip());
  }

  /**
   * Returns how the elements are encoded.
   *
   * @return the element type
   */
  public DataType dataType() {
    return dataType;
  }

  /**
   * Returns the size of each axis, outermost first.
   *
   * @return a new array, empty for a scalar
   */
  public long[] shape() {
    return shape.clone();
  }

  /**
   * Returns how many elements there are.
   *
   * @return the product of the shape
   */
  public int size() {
    return data.size() / dataType.elementBytes();
  }

  /**
   * Returns the elements of a float64 tensor.
   *
   * @return a new array, in C order
   * @throws IllegalStateException if the tensor is of another type
   */
  public double[] toDoubleArray() {
    double[] values = new double[size()];
    asDoubleBuffer().get(values);
    return values;
  }

  /**
   * Returns the elements of a float32 tensor.
   *
   * @return a new array, in C order
   * @throws IllegalStateException if the tensor is of another type
   */
  public float[] toFloatArray() {
    float[] values = new float[size()];
    asFloatBuffer().get(values);
    return values;
  }

  /**
   * Returns the elements of an int64 tensor.
   *
   * @return a new array, in C order
   * @throws IllegalStateException if the tensor is of another type
   */
  public long[] toLongArray() {
    long[] values = new long[size()];
    asLongBuffer().get(values);
    return values;
  }

  /**
   * Returns the elements of an int32 tensor.
   *
   * @return a new array, in C order
   * @throws IllegalStateException if the tensor is of another type
   */
  public int[] toIntArray() {
    int[] values = new int[size()];
    asIntBuffer().get(values);
    return values;
  }

  /**
   * Returns the elements of a bool tensor.
   *
   * @return a new array, in C order
   * @throws IllegalStateException if the tensor is of another type
   */
  public boolean[] toBooleanArray() {
    require(DataType.BOOL);
    boolean[] values = new boolean[size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = data.byteAt(i) != 0;
    }
    return values;
  }

  /**
   * Returns the elements of a float64 tensor without copying them.
   *
   * @return a read-only view, in C order
   * @throws IllegalStateException if the tensor is of another type
   */
  public DoubleBuffer asDoubleBuffer() {
    return require(DataType.FLOAT64).asDoubleBuffer();
  }

  /**
   * Returns the elements of a float32 tensor without copying them.
   *
   * @return a read-only view, in C order
   * @throws IllegalStateException if the tensor is of another type
   */
  public FloatBuffer asFloatBuffer() {
    return require(DataType.FLOAT32).asFloatBuffer();
  }

  /**
   * Returns the elements of an int64 tensor without copying them.
   *
   * @return a read-only view, in C order
   * @throws IllegalStateException if the tensor is of another type
   */
  public LongBuffer asLongBuffer() {
    return require(DataType.INT64).asLongBuffer();
  }

  /**
   * Returns the elements of an int32 tensor without copying them.
   *
   * @return a read-only view, in C order
   * @throws IllegalStateException if the tensor is of another type
   */
  public IntBuffer asIntBuffer() {
    return require(DataType.INT32).asIntBuffer();
  }

  /**
   * Returns the encoded elements of a tensor of any type without copying them.
   *
   * @return a read-only view in little-endian order, the elements in C order
   */
  public ByteBuffer bytes() {
    return data.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Tells whether the other is a tensor of the same type, shape and bytes: NaN equals NaN, and 0.0
   * does not equal -0.0.
   */
  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor tensor
        && dataType == tensor.dataType
        && Arrays.equals(shape, tensor.shape)
        && data.equals(tensor.data);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * dataType.hashCode() + Arrays.hashCode(shape)) + data.hashCode();
  }

  /**
   * Returns type, shape and elements, such as {@code float64[2, 2] [[0.0, 4.0], [6.0, 0.0]]}; of
   * long axes only both ends.
   */
  @Override
  public String toString() {
    return dataType + Arrays.toString(shape) + " " + TensorText.of(this);
  }

  /** Returns an element as Java writes it; a float16 as its float. */
  String elementText(int index) {
    ByteBuffer bytes = bytes();
    return switch (dataType) {
      case BOOL -> Boolean.toString(data.byteAt(index) != 0);
      case INT32 -> Integer.toString(bytes.getInt(4 * index));
      case INT64 -> Long.toString(bytes.getLong(8 * index));
      case FLOAT16 -> Float.toString(Float16.toFloat(bytes.getShort(2 * index)));
      case FLOAT32 -> Float.toString(bytes.getFloat(4 * index));
      case FLOAT64 -> Double.toString(bytes.getDouble(8 * index));
    };
  }

  org.edunn.serving.v1.Tensor toWire() {
    var message = org.edunn.serving.v1.Tensor.newBuilder();
    message.setDataType(dataType.wire()).setData(data);
    for (long axis : shape) {
      message.addShape(axis);
    }
    return message.build();
  }

  static Tensor fromWire(org.edunn.serving.v1.Tensor message) {
    DataType dataType = DataType.fromWire(message.getDataType());
    long[] shape = message.getShapeList().stream().mapToLong(Long::longValue).toArray();
    ByteString data = message.getData();
    int bytes = dataType.elementBytes();
    if (data.size() % bytes != 0 || data.size() / bytes != TensorShape.elements(shape)) {
      throw new InternalException(
          "the service sent %d bytes for a tensor %s%s"
              .formatted(data.size(), dataType, Arrays.toString(shape)));
    }
    return new Tensor(dataType, shape, data);
  }

  private static ByteBuffer room(DataType dataType, int elements, long[] shape) {
    TensorShape.check(elements, shape);
    long bytes = (long) elements * dataType.elementBytes();
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("a tensor of " + bytes + " bytes fits into no message");
    }
    return ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Tensor wrap(DataType dataType, long[] shape, ByteBuffer bytes) {
    // Nobody else has the buffer, so nobody can change what the ByteString believes constant.
    return new Tensor(dataType, shape.clone(), UnsafeByteOperations.unsafeWrap(bytes));
  }

  private ByteBuffer require(DataType wanted) {
    if (dataType != wanted) {
      throw new IllegalStateException(
          "a %s tensor is not read as %s: nothing is cast".formatted(dataType, wanted));
    }
    return bytes();
  }
}
