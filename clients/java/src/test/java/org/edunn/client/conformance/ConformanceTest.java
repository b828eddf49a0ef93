package org.edunn.client.conformance;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.edunn.client.Client;
import org.edunn.client.NeedsService;
import org.edunn.client.Service;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scenarios of clients/conformance, which every client's suite runs. */
@NeedsService
class ConformanceTest {
  private static final Path SCENARIOS = Path.of("..", "conformance");

  private static Client client;
  private static Client sharing;

  @BeforeAll
  static void connect() {
    client = Service.connect();
    sharing = Client.builder(Service.address()).shareStream().build();
  }

  @AfterAll
  static void disconnect() {
    client.close();
    sharing.close();
  }

  @TestFactory
  List<DynamicTest> scenarios() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : jsonFiles(SCENARIOS)) {
      for (JsonElement element : JsonParser.parseString(Files.readString(file)).getAsJsonArray()) {
        JsonObject scenario = element.getAsJsonObject();
        String name = file.getFileName() + ": " + scenario.get("name").getAsString();
        tests.add(dynamicTest(name, () -> Scenario.run(client, scenario)));
        tests.add(dynamicTest("a shared stream, " + name, () -> Scenario.run(sharing, scenario)));
      }
    }
    assertFalse(tests.isEmpty());
    return tests;
  }

  /** Each of these must fail, or a fault of a file would go unseen. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'call': 'dance'}",
        "{'call': 'list_layer_types', 'expect': {'colour': 'red'}}",
        "{'call': 'list_layer_types', 'expect': {'types': ['Dropuot']}}",
        "{'call': 'list_layer_types', 'loudly': true}",
        "{'call': 'list_layer_types', 'expect_error': {'code': 'INTERNAL'}}",
        "{'call': 'get_session', 'expect': {'seed': '8'}}",
        "{'call': 'add_layer', 'layer': 'l', 'type': 'Dropuot', 'expect_error': {'mood': 'bad'}}",
        "{'call': 'add_layer', 'layer': 'l', 'type': 'Dropuot', 'expect_error': {'retry': true}}",
        "{'call': 'add_layer', 'layer': 'l', 'type': 'Dropuot', 'expect_error': {'fields': []}}",
        "{'call': 'add_layer', 'layer': 'l', 'type': 'Dropuot'}",
        "{'call': 'set_parameters', 'layer': 'l', 'parameters': {'w': {'dtype': 'int8'}}}",
      })
  void runnerFails(String step) {
    JsonObject scenario =
        JsonParser.parseString("{'session': {'seed': '7'}, 'steps': [" + step + "]}")
            .getAsJsonObject();
    assertThrows(Throwable.class, () -> Scenario.run(client, scenario));
  }

  static List<Path> jsonFiles(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
  }
}
