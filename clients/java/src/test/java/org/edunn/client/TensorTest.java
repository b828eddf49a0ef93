package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import org.junit.jupiter.api.Test;

class TensorTest {
  @Test
  void arraysComeBackAsTheyWere() {
    double[] doubles = {0, -0.0, Double.NaN, Double.MIN_VALUE, Double.NEGATIVE_INFINITY, 1e300};
    assertArrayEquals(doubles, sent(Tensor.of(doubles, 2, 3)).toDoubleArray());
    float[] floats = {0, -0.0f, Float.NaN, Float.MIN_VALUE};
    assertArrayEquals(floats, sent(Tensor.of(floats, 4)).toFloatArray());
    long[] longs = {Long.MIN_VALUE, -1, Long.MAX_VALUE};
    assertArrayEquals(longs, sent(Tensor.of(longs, 3, 1)).toLongArray());
    int[] ints = {Integer.MIN_VALUE, -1, Integer.MAX_VALUE};
    assertArrayEquals(ints, sent(Tensor.of(ints, 1, 3)).toIntArray());
    boolean[] booleans = {true, false, true};
    assertArrayEquals(booleans, sent(Tensor.of(booleans, 3)).toBooleanArray());
  }

  @Test
  void wireIsLittleEndian() {
    var message = Tensor.of(new int[] {1}, 1).toWire();
    assertArrayEquals(new byte[] {1, 0, 0, 0}, message.getData().toByteArray());
  }

  @Test
  void whatRemainsInABufferIsTakenWhateverItsOrder() {
    ByteBuffer big = ByteBuffer.allocateDirect(32).order(ByteOrder.BIG_ENDIAN);
    DoubleBuffer doubles = big.asDoubleBuffer().put(1, 5.0).position(1).limit(2);
    assertArrayEquals(new double[] {5}, Tensor.of(doubles, 1).toDoubleArray());
    assertEquals(1, doubles.position());
    assertEquals(
        Tensor.of(new float[] {1, 2}, 2), Tensor.of(FloatBuffer.wrap(new float[] {1, 2}), 2));
    assertEquals(Tensor.of(new long[] {1, 2}, 2), Tensor.of(LongBuffer.wrap(new long[] {1, 2}), 2));
    assertEquals(Tensor.of(new int[] {1, 2}, 2), Tensor.of(IntBuffer.wrap(new int[] {1, 2}), 2));
  }

  @Test
  void bytesMakeATensorOfAnyType() {
    ByteBuffer half = ByteBuffer.wrap(new byte[] {0, 0x3c});
    Tensor tensor = sent(Tensor.ofBytes(DataType.FLOAT16, half, 1));
    assertEquals(0x3c00, tensor.bytes().getShort());
    assertEquals("float16[1] [1.0]", tensor.toString());
    assertThrows(IllegalArgumentException.class, () -> Tensor.ofBytes(DataType.FLOAT64, half, 1));
  }

  @Test
  void changingTheArrayDoesNotChangeTheTensor() {
    double[] values = {1};
    long[] shape = {1};
    Tensor tensor = Tensor.of(values, shape);
    values[0] = 2;
    shape[0] = 2;
    tensor.shape()[0] = 3;
    tensor.toDoubleArray()[0] = 3;
    assertEquals(Tensor.of(new double[] {1}, 1), tensor);
    assertTrue(tensor.bytes().isReadOnly());
  }

  @Test
  void shapeMustFit() {
    assertMessage("3 elements do not fill the shape [2, 2], which has 4", 2, 2);
    assertMessage(
        "3 elements do not fill the shape [], which has 1, a scalar; for a vector give the shape [3]");
    assertMessage("no axis of the shape [3, -1] may be negative", 3, -1);
    assertMessage(
        "3 elements do not fill the shape [4294967296, 4294967296], which has 9223372036854775807",
        1L << 32,
        1L << 32);
  }

  @Test
  void scalarsAndEmptyTensorsAreTensors() {
    assertEquals(1, sent(Tensor.of(new double[] {2})).size());
    assertArrayEquals(new long[0], sent(Tensor.of(new double[] {2})).shape());
    assertArrayEquals(new long[] {0, 4}, sent(Tensor.of(new float[0], 0, 4)).shape());
    assertEquals(0, Tensor.of(new float[0], 1L << 40, 1L << 40, 0).size());
  }

  @Test
  void nothingIsCast() {
    Tensor floats = Tensor.of(new float[] {1}, 1);
    IllegalStateException error = assertThrows(IllegalStateException.class, floats::toDoubleArray);
    assertEquals("a float32 tensor is not read as float64: nothing is cast", error.getMessage());
    assertThrows(IllegalStateException.class, floats::asIntBuffer);
    assertThrows(IllegalStateException.class, floats::toLongArray);
    assertThrows(IllegalStateException.class, floats::toBooleanArray);
  }

  @Test
  void equalityIsOfTypeShapeAndBytes() {
    Tensor tensor = Tensor.of(new int[] {1, 2}, 2);
    assertEquals(Tensor.of(new int[] {1, 2}, 2).hashCode(), tensor.hashCode());
    assertNotEquals(Tensor.of(new int[] {1, 2}, 1, 2), tensor);
    assertNotEquals(Tensor.of(new int[] {1, 3}, 2), tensor);
    assertNotEquals(Tensor.of(new float[] {1, 2}, 2), tensor);
  }

  private static Tensor sent(Tensor tensor) {
    Tensor received = Tensor.fromWire(tensor.toWire());
    assertEquals(tensor, received);
    return received;
  }

  private static void assertMessage(String message, long... shape) {
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class, () -> Tensor.of(new double[] {1, 2, 3}, shape));
    assertEquals(message, error.getMessage());
  }
}
