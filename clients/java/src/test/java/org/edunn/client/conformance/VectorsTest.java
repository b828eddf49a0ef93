package org.edunn.client.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.edunn.client.Client;
import org.edunn.client.Forward;
import org.edunn.client.Gradients;
import org.edunn.client.Layer;
import org.edunn.client.LayerSpec;
import org.edunn.client.NeedsService;
import org.edunn.client.Service;
import org.edunn.client.Session;
import org.edunn.client.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** PyTorch's numbers for each layer, computed by the service through this client. */
@NeedsService
class VectorsTest {
  private static final Path VECTORS = Path.of("..", "..", "tests", "vectors");
  private static final Set<String> KNOWN =
      Set.of(
          "name",
          "config",
          "phase",
          "parameters",
          "state_before",
          "inputs",
          "output",
          "output_gradient",
          "input_gradients",
          "parameter_gradients",
          "state_after");

  private static Client client;

  @BeforeAll
  static void connect() {
    client = Service.connect();
  }

  @AfterAll
  static void disconnect() {
    client.close();
  }

  @TestFactory
  List<DynamicTest> vectors() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : ConformanceTest.jsonFiles(VECTORS)) {
      if (file.endsWith("optimizers.json")) {
        continue;
      }
      JsonObject vectors = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      String type = vectors.get("layer").getAsString();
      for (JsonElement element : vectors.getAsJsonArray("cases")) {
        JsonObject vector = element.getAsJsonObject();
        // Where the mask is given there is nothing to compare: a service draws its own.
        if (!vector.has("mask")) {
          String name = type + ": " + vector.get("name").getAsString();
          tests.add(dynamicTest(name, () -> check(type, vector)));
        }
      }
    }
    assertFalse(tests.isEmpty());
    return tests;
  }

  private static void check(String type, JsonObject vector) {
    Set<String> unknown = new HashSet<>(vector.keySet());
    unknown.removeAll(KNOWN);
    assertEquals(Set.of(), unknown);
    LayerSpec spec =
        LayerSpec.of("layer", type)
            .config(Scenario.plainMap(vector.get("config")))
            .parameters(JsonTensors.tensorsByName(vector.get("parameters")));
    if (vector.has("state_before")) {
      spec = spec.parameters(JsonTensors.tensorsByName(vector.get("state_before")));
    }
    try (Session session = client.newSession().seed(0).create()) {
      Layer layer = session.add(spec);
      Tensor[] inputs = JsonTensors.tensors(vector.getAsJsonArray("inputs"));
      Tensor output =
          Forward.of(layer, inputs)
              .phase(Scenario.phase(vector.get("phase").getAsString()))
              .run()
              .tensor();
      TensorAssertions.assertMatches("output", vector.get("output"), output);
      Gradients gradients = layer.backward(JsonTensors.tensor(vector.get("output_gradient")));
      JsonArray expected = vector.getAsJsonArray("input_gradients");
      TensorAssertions.assertMatches(
          "input gradient", expected.get(expected.size() - 1), gradients.input());
      TensorAssertions.assertMatches(
          "parameter gradients", vector.get("parameter_gradients"), gradients.parameters());
      if (vector.has("state_after")) {
        var parameters = layer.getParameters();
        for (var state : vector.getAsJsonObject("state_after").entrySet()) {
          TensorAssertions.assertMatches(
              state.getKey(), state.getValue(), parameters.get(state.getKey()));
        }
      }
    }
  }
}
