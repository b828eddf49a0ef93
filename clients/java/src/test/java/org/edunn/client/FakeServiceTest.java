package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The service for users' own tests refuses what the real one refuses, and computes as told. */
class FakeServiceTest {
  private static final Tensor TWO = Tensor.of(new double[] {2}, 1);
  private static final FakeLayer DOUBLING =
      FakeLayer.of(FakeServiceTest::twice, FakeServiceTest::twice);

  private FakeService service;
  private Client client;
  private Session session;

  @BeforeEach
  void start() {
    service = FakeService.start(Map.of("Doubling", DOUBLING));
    client = Client.connect(service.address());
    session = client.newSession().phase(Phase.TEST).create();
  }

  @AfterEach
  void stop() {
    client.close();
    service.close();
  }

  @Test
  void layersComputeWhatTheTestSays() {
    Layer doubling = session.add(LayerSpec.of("double", "Doubling"));
    Layer passing = session.add(LayerSpec.of("pass", "Anything").parameter("w", TWO));
    Output output = Forward.of(doubling, Answers.ONE).run();
    assertEquals(new Output(TWO, "c1", Phase.TEST), output);
    assertEquals(TWO, doubling.backward(Answers.ONE).input());
    assertEquals(TWO, passing.forward(Answers.ONE, TWO));
    assertEquals(Map.of("w", TWO), passing.getParameters());
    passing.setParameters(Map.of("w", Answers.ONE));
    assertEquals(Map.of("w", Answers.ONE), passing.getParameters());
    assertEquals(
        List.of("double", "pass"),
        List.copyOf(client.attach(session.sessionId()).layers().keySet()));
  }

  @Test
  void streamsAreAnsweredToo() {
    Layer doubling = session.add(LayerSpec.of("double", "Doubling"));
    try (ComputeStream stream = client.newStream().open()) {
      var forward = stream.forward(doubling, Answers.ONE);
      assertEquals(TWO, stream.backward(doubling, Answers.ONE).join().input());
      assertEquals(TWO, forward.join().tensor());
    }
  }

  @Test
  void stepsAreCounted() {
    Layer layer = session.add(LayerSpec.of("l1", "ReLU"));
    Layer loss = session.add(LayerSpec.of("loss", "SquaredError"));
    assertReason("NO_GRADIENTS", Step.of(layer)::run);
    layer.forward(TWO);
    Backward.of(layer, TWO).accumulate().run();
    assertEquals(new StepResult("c4", 1), layer.step(Optimizers.adam()));
    assertEquals(
        new TrainStepResult("mine", 2, 0),
        TrainStep.of(layer, loss, TWO, TWO).stepId("mine").run());
    layer.clearGradients();
    assertReason("NO_GRADIENTS", Step.of(layer)::run);
    assertEquals("GradientDescent", client.optimizerTypes().get(0).type());
  }

  @Test
  void whatTheServiceRefusesIsRefused() {
    Layer layer = session.add(LayerSpec.of("l1", "ReLU"));
    assertReason("LAYER_EXISTS", () -> session.add(LayerSpec.of("l1", "ReLU")));
    assertReason("FORWARD_NOT_FOUND", Backward.of(layer, TWO).forwardId("lost")::run);
    assertReason("SESSION_NOT_FOUND", () -> client.attach("gone"));
    client.newSession().sessionId("mine").create();
    assertReason("SESSION_EXISTS", client.newSession().sessionId("mine")::create);
  }

  @Test
  void nextCallsFailAsTheTestSays() {
    Layer layer = session.add(LayerSpec.of("l1", "ReLU"));
    service.failNext(EdunnException.of(Status.Code.UNAVAILABLE, "UNAVAILABLE", "away"));
    assertEquals(TWO, layer.forward(TWO)); // tried again
    service.failNext(EdunnException.of(Status.Code.RESOURCE_EXHAUSTED, "QUOTA", "full"));
    assertReason("QUOTA", () -> layer.forward(TWO));
    assertEquals(
        List.of("CreateSession", "AddLayer", "Forward", "Forward", "Forward"), service.calls());
  }

  private static void assertReason(String reason, org.junit.jupiter.api.function.Executable call) {
    assertEquals(reason, assertThrows(EdunnException.class, call).reason());
  }

  private static Tensor twice(Tensor tensor) {
    double[] values = tensor.toDoubleArray();
    for (int i = 0; i < values.length; i++) {
      values[i] *= 2;
    }
    return Tensor.of(values, tensor.shape());
  }
}
