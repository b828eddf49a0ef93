package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A program's own tests may stand in for a layer: its code sees an interface. */
class StandInTest {
  @Test
  void programRunsOnAStandIn() {
    Layer doubling = new Doubling();
    assertEquals(Tensor.of(new double[] {2}, 1), doubling.forward(Answers.ONE));
    assertEquals("f1", Forward.of(doubling, Answers.ONE).phase(Phase.TEST).run().forwardId());
    assertEquals(Tensor.of(new double[] {2}, 1), doubling.backward(Answers.ONE).input());
    Backward lost = Backward.of(doubling, Answers.ONE).forwardId("lost");
    assertEquals("FORWARD_NOT_FOUND", assertThrows(NotFoundException.class, lost::run).reason());
  }

  @Test
  void streamTakesLayersOfAServiceAlone() throws Exception {
    try (ScriptedServer server = new ScriptedServer();
        Client client = Client.connect(server.address());
        ComputeStream stream = client.newStream().open()) {
      assertThrows(
          IllegalArgumentException.class, () -> stream.forward(new Doubling(), Answers.ONE));
      stream.cancel();
    }
  }

  /** Doubles what it is given. */
  private static final class Doubling implements Layer {
    @Override
    @SuppressWarnings("unchecked")
    public <R> R run(Operation<R> operation) {
      if (operation instanceof Forward forward) {
        Phase phase = forward.phase().orElse(phase());
        return (R) new Output(twice(forward.inputs().get(0)), "f1", phase);
      }
      Backward backward = (Backward) operation;
      if (backward.forwardId().equals(java.util.Optional.of("lost"))) {
        throw EdunnException.of(Status.Code.NOT_FOUND, "FORWARD_NOT_FOUND", "lost");
      }
      return (R) new Gradients(twice(backward.outputGradient()), Map.of(), "f1");
    }

    @Override
    public <R> CompletableFuture<R> runAsync(Operation<R> operation) {
      return CompletableFuture.supplyAsync(() -> run(operation));
    }

    @Override
    public CompletableFuture<Tensor> forwardAsync(Tensor... inputs) {
      return runAsync(Forward.of(this, inputs)).thenApply(Output::tensor);
    }

    @Override
    public LayerInfo info() {
      return new LayerInfo("double", "Doubling", Map.of(), List.of());
    }

    @Override
    public Phase phase() {
      return Phase.TRAINING;
    }

    @Override
    public void setPhase(Phase phase) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String latestForwardId() {
      return "f1";
    }

    @Override
    public void clearGradients(CallOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Void> clearGradientsAsync(CallOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Training fit(TrainingSpec training, CallOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public byte[] exportModel(CallOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, Tensor> getParameters(CallOption... options) {
      return Map.of();
    }

    @Override
    public CompletableFuture<Map<String, Tensor>> getParametersAsync(CallOption... options) {
      return CompletableFuture.completedFuture(Map.of());
    }

    @Override
    public void setParameters(Map<String, Tensor> parameters, CallOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Void> setParametersAsync(
        Map<String, Tensor> parameters, CallOption... options) {
      throw new UnsupportedOperationException();
    }

    private static Tensor twice(Tensor tensor) {
      double[] values = tensor.toDoubleArray();
      for (int i = 0; i < values.length; i++) {
        values[i] *= 2;
      }
      return Tensor.of(values, tensor.shape());
    }
  }
}
