package org.edunn.client.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.edunn.client.DataType;
import org.edunn.client.Tensor;

/** Whether a tensor is the expected one, by the rules of the conformance README. */
public final class TensorAssertions {
  private TensorAssertions() {}

  static void assertMatches(String what, JsonElement element, Tensor got) {
    JsonObject expected = element.getAsJsonObject();
    assertEquals(expected.get("dtype").getAsString(), got.dataType().toString(), what + ": dtype");
    assertArrayEquals(
        JsonTensors.longs(expected.getAsJsonArray("shape")), got.shape(), what + ": shape");
    if (expected.has("sha256")) {
      assertEquals(expected.get("sha256").getAsString(), sha256(got), what + ": sha256");
      return;
    }
    assertClose(what, JsonTensors.tensor(expected), got);
  }

  static void assertMatches(String what, JsonElement expected, Map<?, ?> got) {
    JsonObject tensors = expected.getAsJsonObject();
    assertEquals(tensors.keySet(), got.keySet(), what);
    for (var entry : tensors.entrySet()) {
      String name = entry.getKey();
      assertMatches(what + "." + name, entry.getValue(), (Tensor) got.get(name));
    }
  }

  /** Returns the digest of the little-endian bytes, in hex. */
  public static String sha256(Tensor... tensors) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Tensor tensor : tensors) {
        digest.update(tensor.bytes());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException impossible) {
      throw new AssertionError("every Java has SHA-256", impossible);
    }
  }

  private static void assertClose(String what, Tensor expected, Tensor got) {
    DataType type = expected.dataType();
    if (type == DataType.FLOAT64) {
      double[] left = expected.toDoubleArray();
      double[] right = got.toDoubleArray();
      assertClose(what, left.length, i -> left[i], i -> right[i], 1e-11, 1e-9);
    } else if (type == DataType.FLOAT32) {
      float[] left = expected.toFloatArray();
      float[] right = got.toFloatArray();
      assertClose(what, left.length, i -> left[i], i -> right[i], 1e-6, 1e-5);
    } else {
      assertEquals(expected, got, what);
    }
  }

  private static void assertClose(
      String what,
      int size,
      IntToDoubleFunction expected,
      IntToDoubleFunction got,
      double absolute,
      double relative) {
    for (int i = 0; i < size; i++) {
      double wanted = expected.applyAsDouble(i);
      double delta = absolute + relative * Math.abs(wanted);
      assertEquals(wanted, got.applyAsDouble(i), delta, what + "[" + i + "]");
    }
  }
}
