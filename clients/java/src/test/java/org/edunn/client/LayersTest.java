package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LayersTest {
  private static Map<String, Object> config(TypedLayer layer) {
    return Config.fromWire(layer.spec().toWire().getConfig());
  }

  @Test
  void whatIsGivenIsTheConfiguration() {
    assertEquals("Dropout", Layers.dropout("d").spec().toWire().getType());
    assertEquals(Map.of(), config(Layers.dropout("d")));
    assertEquals(Map.of("p", 0.0), config(Layers.dropout("d").p(0)));
    assertEquals(
        Map.of(
            "in_channels", 1.0,
            "out_channels", 2.0,
            "kernel_size", 3.0,
            "stride", List.of(1.0, 2.0),
            "bias", true),
        config(Layers.conv2d("c", 1, 2, 3).stride(1, 2).bias(true)));
  }

  @Test
  void layersAndInitializersLieWithinLayers() {
    assertEquals(
        Map.of("sample_error", Map.of("name", "e", "type", "SquaredError", "config", Map.of())),
        config(Layers.meanError("m", Layers.squaredError("e"))));
    assertEquals(
        Map.of("type", "RandomNormal", "config", Map.of("std", 0.1)),
        config(Layers.bias("b", 1).initializer(Layers.randomNormal().std(0.1))).get("initializer"));
  }

  @Test
  void aMethodLeavesItsDescriptionAlone() {
    Layers.DropoutLayer half = Layers.dropout("d").p(0.5);
    half.p(0.9);
    assertEquals(Map.of("p", 0.5), config(half));
  }

  @Test
  @NeedsService
  void theServiceTakesWhatIsDescribed() {
    try (Client client = Service.connect();
        Session session = client.newSession().seed(1).create()) {
      Layer net =
          session.add(
              Layers.sequential(
                  "net",
                  Layers.linear("l1", 2, 1).initializer(Layers.constant(0.5)),
                  Layers.bias("b1", 1).initializer(Layers.one())));
      Tensor x = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2);
      assertArrayEquals(new double[] {2.5, 4.5}, net.forward(x).toDoubleArray());
    }
  }
}
