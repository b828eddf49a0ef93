package org.edunn.client.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.edunn.client.Tensor;

/** Tensors as the conformance files write them. */
final class JsonTensors {
  private JsonTensors() {}

  static Tensor tensor(JsonElement element) {
    JsonObject json = element.getAsJsonObject();
    long[] shape = longs(json.getAsJsonArray("shape"));
    JsonArray data = json.getAsJsonArray("data");
    String type = json.get("dtype").getAsString();
    return switch (type) {
      case "float64" -> Tensor.of(doubles(data), shape);
      case "float32" -> Tensor.of(floats(data), shape);
      case "int64" -> Tensor.of(longs(data), shape);
      case "int32" -> Tensor.of(ints(data), shape);
      case "bool" -> Tensor.of(booleans(data), shape);
      default -> throw new AssertionError("unknown dtype " + type);
    };
  }

  static Tensor[] tensors(JsonArray array) {
    return StreamSupport.stream(array.spliterator(), false)
        .map(JsonTensors::tensor)
        .toArray(Tensor[]::new);
  }

  static Map<String, Tensor> tensorsByName(JsonElement element) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (var entry : element.getAsJsonObject().entrySet()) {
      tensors.put(entry.getKey(), tensor(entry.getValue()));
    }
    return tensors;
  }

  static long[] longs(JsonArray array) {
    long[] values = new long[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).getAsLong();
    }
    return values;
  }

  private static double[] doubles(JsonArray array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).getAsDouble();
    }
    return values;
  }

  private static float[] floats(JsonArray array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).getAsFloat();
    }
    return values;
  }

  private static int[] ints(JsonArray array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).getAsInt();
    }
    return values;
  }

  private static boolean[] booleans(JsonArray array) {
    boolean[] values = new boolean[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).getAsBoolean();
    }
    return values;
  }
}
