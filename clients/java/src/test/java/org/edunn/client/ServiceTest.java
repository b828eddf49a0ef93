package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the conformance scenarios leave to each client: its own ways, on the running service. */
@NeedsService
class ServiceTest {
  private static final Tensor ONES = ones(4, 16);

  private static Client client;

  @BeforeAll
  static void connect() {
    client = Service.connect();
  }

  @AfterAll
  static void disconnect() {
    client.close();
  }

  @Test
  void catalogueDescribesTheLayers() {
    LayerType dropout =
        client.layerTypes().stream().filter(type -> type.type().equals("Dropout")).findAny().get();
    ConfigField p = dropout.configFields().get(0);
    assertEquals("p", p.name());
    assertEquals("float", p.type());
    assertEquals(0.5, p.defaultValue());
    LayerType norm =
        client.layerTypes().stream()
            .filter(type -> type.type().equals("BatchNorm"))
            .findAny()
            .get();
    assertEquals(2, norm.parameters().size());
    assertTrue(norm.buffers().size() >= 2);
  }

  @Test
  void sessionIsAsItWasAskedFor() {
    String name = "java-" + UUID.randomUUID();
    long seed = Long.parseUnsignedLong("18446744073709551615");
    Duration ttl = Duration.ofSeconds(90);
    try (Session session =
        client.newSession().sessionId(name).seed(seed).phase(Phase.TEST).ttl(ttl).create()) {
      session.add(LayerSpec.of("l1", "Linear").config("input_size", 3).config("output_size", 2));
      SessionInfo info = session.refresh();
      assertEquals(name, info.sessionId());
      assertEquals(seed, info.seed());
      assertEquals(Phase.TEST, info.phase());
      assertEquals(ttl, info.ttl());
      assertTrue(info.expireTime().isAfter(info.createTime()));
      LayerInfo layer = info.layers().get(0);
      assertEquals(Map.of("input_size", 3.0, "output_size", 2.0), layer.config());
      assertTrue(
          layer.parameters().contains(new ParameterInfo("w", DataType.FLOAT64, List.of(3L, 2L))));
    }
    assertThrows(NotFoundException.class, () -> client.getSession(name));
  }

  @Test
  void attachedSessionIsNotDeletedAtItsEnd() {
    try (Session mine = client.newSession().create()) {
      dropout(mine);
      try (Session theirs = client.attach(mine.sessionId())) {
        Layer drop = theirs.layers().get("drop");
        Tensor output = drop.forward(ONES);
        assertNotEquals("c1", drop.latestForwardId());
        assertEquals(output, drop.backward(ONES).input());
        theirs.add(LayerSpec.of("relu", "ReLU"));
      }
      mine.refresh();
      assertEquals(List.of("drop", "relu"), List.copyOf(mine.layers().keySet()));
      assertSame(mine.layers().get("relu"), mine.layer("relu"));
    }
  }

  @Test
  void sessionThatHasEndedMayBeDeletedAgain() {
    Session session = client.newSession().create();
    session.delete();
    session.delete();
    session.deleteAsync().join();
    session.close();
    assertThrows(NotFoundException.class, session::refresh);
  }

  @Test
  void severalForwardsOfOneLayerEachHaveTheirMask() {
    try (Session session = client.newSession().seed(3).create()) {
      Layer drop = dropout(session);
      Output first = Forward.of(drop, ONES).run();
      Output second = Forward.of(drop, ONES).run();
      assertNotEquals(first.tensor(), second.tensor());
      assertEquals(first.tensor(), gradientOf(drop, first.forwardId()));
      assertEquals(second.tensor(), gradientOf(drop, second.forwardId()));
      assertEquals(second.tensor(), drop.backward(ONES).input());
    }
  }

  @Test
  void parametersOfASequentialAreTrained() {
    Tensor w = Tensor.of(new double[] {1, 2}, 2, 1);
    LayerSpec linear =
        LayerSpec.of("l1", "Dense")
            .config("input_size", 2)
            .config("output_size", 1)
            .parameter("w", w);
    try (Session session = client.newSession().create()) {
      Layer net =
          session.add(LayerSpec.of("net", "Sequential").layers(linear, LayerSpec.of("r", "ReLU")));
      assertEquals(w, net.getParameters().get("l1(w)"));
      Tensor x = Tensor.of(new double[] {3, 4}, 1, 2);
      net.setParameters(Map.of("l1(b)", Tensor.of(new double[] {0.5}, 1)));
      assertArrayEquals(new double[] {11.5}, net.forward(x).toDoubleArray());
      Gradients gradients = net.backward(Tensor.of(new double[] {1}, 1, 1));
      assertEquals(Tensor.of(new double[] {3, 4}, 2, 1), gradients.parameters().get("l1(w)"));
      net.setParameters(Map.of("l1(w)", w));
      FailedPreconditionException stale =
          assertThrows(
              FailedPreconditionException.class,
              () -> net.backward(Tensor.of(new double[] {1}, 1, 1)));
      assertEquals("FORWARD_STALE", stale.reason());
    }
  }

  @Test
  void everythingCanBeDoneAsync() {
    CompletableFuture<Tensor> output =
        client
            .newSession()
            .seed(5)
            .createAsync()
            .thenCompose(session -> session.addAsync(LayerSpec.of("drop", "Dropout")))
            .thenCompose(
                drop ->
                    drop.setParametersAsync(Map.of())
                        .thenCompose(set -> drop.getParametersAsync())
                        .thenCompose(parameters -> drop.forwardAsync(ONES))
                        .thenCompose(y -> drop.backwardAsync(ONES))
                        .thenApply(Gradients::input));
    try (Session session = client.newSession().seed(5).create()) {
      assertEquals(dropout(session).forward(ONES), output.join());
      assertEquals(0, session.refreshAsync().join().layers().get(0).parameters().size());
      assertEquals(5, client.attachAsync(session.sessionId()).join().seed());
      assertEquals(5, client.getSessionAsync(session.sessionId()).join().seed());
      assertEquals(client.layerTypes(), client.layerTypesAsync().join());
    }
  }

  @Test
  void streamComputesWhatCallsWould() {
    List<Tensor> expected = new ArrayList<>();
    try (Session session = client.newSession().seed(11).create()) {
      Layer drop = dropout(session);
      for (int i = 0; i < 100; i++) {
        expected.add(drop.forward(ONES));
      }
    }
    try (Session session = client.newSession().seed(11).create()) {
      Layer drop = dropout(session);
      List<CompletableFuture<Output>> forwards = new ArrayList<>();
      List<CompletableFuture<Gradients>> backwards = new ArrayList<>();
      try (ComputeStream stream = client.newStream().inFlight(16).open()) {
        for (int i = 0; i < 100; i++) {
          forwards.add(stream.forward(drop, ONES));
          backwards.add(stream.backward(drop, ONES));
        }
      }
      assertEquals(expected, forwards.stream().map(each -> each.join().tensor()).toList());
      assertEquals(expected, backwards.stream().map(each -> each.join().input()).toList());
    }
  }

  @Test
  void largeTensorsTravelBothWays() {
    // 60 MiB, near the 64 MiB that the service takes.
    int rows = 60 * 128;
    double[] values = new double[rows * 1024];
    Arrays.fill(values, 1);
    values[1] = -1;
    Tensor large = Tensor.of(values, rows, 1024);
    try (Session session = client.newSession().create()) {
      Layer relu = session.add(LayerSpec.of("relu", "ReLU"));
      double[] output = Forward.of(relu, large).untracked().run().tensor().toDoubleArray();
      values[1] = 0;
      assertArrayEquals(values, output);
    }
  }

  private static Tensor gradientOf(Layer layer, String forwardId) {
    return Backward.of(layer, ONES).forwardId(forwardId).run().input();
  }

  private static Layer dropout(Session session) {
    return session.add(LayerSpec.of("drop", "Dropout").config("p", 0.5));
  }

  private static Tensor ones(int rows, int columns) {
    double[] values = new double[rows * columns];
    Arrays.fill(values, 1);
    return Tensor.of(values, rows, columns);
  }
}
