package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LayerSpecTest {
  private static final LayerSpec SPEC = LayerSpec.of("l", "Linear");

  @Test
  void everythingThatJsonHasIsAConfiguration() {
    Map<String, Object> nested = new LinkedHashMap<>();
    nested.put("nothing", null);
    nested.put("flag", true);
    LayerSpec spec = SPEC.config("n", 4).config("list", Arrays.asList("a", 1.5f, null, nested));
    Map<String, Object> config = Config.fromWire(spec.toWire().getConfig());
    assertEquals(4.0, config.get("n"));
    assertEquals(Arrays.asList("a", 1.5, null, nested), config.get("list"));
  }

  @Test
  void otherThingsAreNot() {
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class, () -> SPEC.config("a", List.of(Map.of("b", 'c'))));
    assertEquals(
        "a[0].b cannot be a Character: use numbers, strings, booleans, null, lists and maps",
        error.getMessage());
  }

  @Test
  void integersThatADoubleDoesNotHoldAreRefused() {
    SPEC.config("n", 1L << 53);
    assertThrows(IllegalArgumentException.class, () -> SPEC.config("n", (1L << 53) + 2));
  }

  @Test
  void specIsImmutable() {
    SPEC.config("p", 0.5).parameter("w", Answers.ONE).layers(SPEC);
    assertEquals(0, SPEC.toWire().getConfig().getFieldsCount());
    assertEquals(0, SPEC.toWire().getParametersCount());
  }

  @Test
  void parametersOfInnerLayersAreTheSequentials() {
    LayerSpec inner = LayerSpec.of("inner", "Sequential").layers(SPEC.parameter("w", Answers.ONE));
    var outer = LayerSpec.of("outer", "Sequential").layers(inner).toWire();
    assertEquals(java.util.Set.of("inner(l(w))"), outer.getParametersMap().keySet());
  }

  @Test
  void layersLieWithinEachOtherAsDeepAsTheContractSays() {
    LayerSpec deepest = nested(Nesting.DEEPEST_LAYERS);
    var error =
        assertThrows(
            IllegalArgumentException.class,
            () -> LayerSpec.of("more", "Sequential").layers(deepest));
    assertEquals(
        "layers is nested too deeply: at most 10 layers may lie within each other",
        error.getMessage());
    Object value = 1;
    for (int i = 0; i < 100_000; i++) {
      value = List.of(value);
    }
    Object lists = value;
    Map<String, Object> itself = new HashMap<>();
    itself.put("itself", itself);
    LayerSpec spec = LayerSpec.of("l", "Dropout");
    assertThrows(IllegalArgumentException.class, () -> spec.config("p", lists));
    assertThrows(IllegalArgumentException.class, () -> spec.config("p", itself));
  }

  @Test
  @NeedsService
  void serviceTakesTheDeepest() {
    try (Client client = Service.connect();
        Session session = client.newSession().create()) {
      Layer layer = session.add(nested(Nesting.DEEPEST_LAYERS));
      assertEquals(Answers.ONE, layer.forward(Answers.ONE));
      assertEquals(1, session.refresh().layers().size());
    }
  }

  /** Returns a Sequential with so many layers within each other. */
  private static LayerSpec nested(int depth) {
    LayerSpec spec = LayerSpec.of("r", "ReLU");
    for (int i = 0; i < depth; i++) {
      spec = LayerSpec.of("s" + i, "Sequential").layers(spec);
    }
    return spec;
  }
}
