package org.edunn.client.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.reflect.TypeToken;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.edunn.client.EdunnException;
import org.edunn.client.Tensor;
import org.edunn.client.Violation;

/** Whether a step's answer or error is the expected one. */
final class Expectation {
  private Expectation() {}

  static void check(Step step, Supplier<Map<String, Object>> call) {
    if (step.expectedError() != null) {
      checkError(step.expectedError(), assertThrows(EdunnException.class, call::get));
      return;
    }
    Map<String, Object> answer = call.get();
    if (step.expected() != null) {
      step.expected().entrySet().forEach(each -> check(each.getKey(), each.getValue(), answer));
    }
  }

  private static void check(String name, JsonElement expected, Map<String, Object> answer) {
    Object got = answer.get(name);
    if (got instanceof Tensor tensor) {
      TensorAssertions.assertMatches(name, expected, tensor);
    } else if (got instanceof Map<?, ?> tensors) {
      TensorAssertions.assertMatches(name, expected, tensors);
    } else if (got instanceof List<?> names && name.equals("types")) {
      assertTrue(names.containsAll(strings(expected)), () -> name + ": " + names);
    } else if (got instanceof List<?> names) {
      assertEquals(strings(expected), names, name);
    } else if (got instanceof Number number) {
      assertEquals(expected.getAsDouble(), number.doubleValue(), name);
    } else if (got instanceof String text) {
      assertEquals(expected.getAsString(), text, name);
    } else {
      throw new AssertionError("unknown expectation " + name);
    }
  }

  private static void checkError(JsonObject expected, EdunnException error) {
    for (var entry : expected.entrySet()) {
      String name = entry.getKey();
      JsonElement wanted = entry.getValue();
      switch (name) {
        case "code" -> assertEquals(wanted.getAsString(), error.code().name(), error::getMessage);
        case "reason" -> assertEquals(wanted.getAsString(), error.reason(), error::getMessage);
        case "fields" -> {
          List<String> fields = error.violations().stream().map(Violation::field).toList();
          assertEquals(new TreeSet<>(strings(wanted)), new TreeSet<>(fields), error::getMessage);
        }
        case "retry" ->
            assertEquals(wanted.getAsBoolean(), error.retryDelay().isPresent(), error::getMessage);
        default -> throw new AssertionError("unknown expectation of an error " + name);
      }
    }
  }

  private static List<String> strings(JsonElement array) {
    return new Gson().fromJson(array, new TypeToken<List<String>>() {}.getType());
  }
}
