package org.edunn.client;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.ForwardRequest;
import org.edunn.serving.v1.ForwardResponse;
import org.edunn.serving.v1.LayerServiceGrpc;

/**
 * The computing of a layer's output.
 *
 * <pre>{@code
 * Output output = Forward.of(drop, x).phase(Phase.TEST).untracked().run();
 * }</pre>
 */
public final class Forward extends Operation<Output> {
  private final Layer layer;
  private final List<Tensor> inputs;
  private final Phase phase;
  private final String forwardId;
  private final boolean untracked;
  private final Duration timeout;

  private Forward(
      Layer layer,
      List<Tensor> inputs,
      Phase phase,
      String forwardId,
      boolean untracked,
      Duration timeout) {
    this.layer = layer;
    this.inputs = inputs;
    this.phase = phase;
    this.forwardId = forwardId;
    this.untracked = untracked;
    this.timeout = timeout;
  }

  /**
   * Describes a forward as {@link Layer#forward} runs it.
   *
   * @param layer the layer
   * @param inputs one tensor for a layer, its first axis the batch; {@code y_true} and {@code y}
   *     for a loss
   * @return the forward
   */
  public static Forward of(Layer layer, Tensor... inputs) {
    return new Forward(layer, List.of(inputs), null, null, false, null);
  }

  /**
   * Chooses the phase of this forward alone.
   *
   * @param phase otherwise the layer's, or else the session's
   * @return the new forward
   */
  public Forward phase(Phase phase) {
    return new Forward(layer, inputs, phase, forwardId, untracked, timeout);
  }

  /**
   * Names this forward; otherwise the client counts.
   *
   * @param forwardId 1 to 128 printable ASCII characters, not beginning with {@code #}. The empty
   *     string leaves the name to the service; such a forward is not made again when the connection
   *     breaks, as that could draw a second mask
   * @return the new forward
   */
  public Forward forwardId(String forwardId) {
    return new Forward(layer, inputs, phase, forwardId, untracked, timeout);
  }

  /**
   * Says that no backward will follow, so that the service keeps nothing.
   *
   * @return the new forward
   */
  public Forward untracked() {
    return new Forward(layer, inputs, phase, forwardId, true, timeout);
  }

  /**
   * Limits how long it may take, all attempts together. Has no effect in a stream.
   *
   * @param timeout otherwise the client's
   * @return the new forward
   */
  public Forward timeout(Duration timeout) {
    return new Forward(layer, inputs, phase, forwardId, untracked, timeout);
  }

  @Override
  public Output run() {
    return layer.connection().run(call(), timeout);
  }

  @Override
  public CompletableFuture<Output> runAsync() {
    return layer.connection().runAsync(call(), timeout);
  }

  CompletableFuture<Tensor> runAsyncForTensor() {
    return layer.connection().runAsync(call().map(Output::tensor), timeout);
  }

  @Override
  Begun<Output> begin() {
    ForwardRequest request = request();
    if (!untracked) {
      // A backward may be sent before this forward is answered, so it is the latest from now on.
      layer.latest(request.getForwardId());
    }
    return new Begun<>(
        ComputeOperation.newBuilder().setForward(request), result -> output(result.getForward()));
  }

  private Call<ForwardRequest, ForwardResponse, Output> call() {
    ForwardRequest request = request();
    // A tracked forward is known to the service by its name. An untracked one is forgotten: in
    // training its repetition would count twice in a BatchNorm's running statistics.
    boolean named = !request.getForwardId().isEmpty() && !untracked;
    boolean pure = untracked && effectivePhase() == Phase.TEST;
    return new Call<>(LayerServiceGrpc.getForwardMethod(), request, Forward::output, named || pure)
        .map(this::noteLatest);
  }

  private ForwardRequest request() {
    ForwardRequest.Builder request =
        ForwardRequest.newBuilder()
            .setSessionId(layer.sessionId())
            .setLayer(layer.name())
            .setPhase(Phase.wire(phase == null ? layer.ownPhase() : phase))
            .setForwardId(forwardId == null ? nextName() : forwardId)
            .setUntracked(untracked);
    inputs.forEach(input -> request.addInputs(input.toWire()));
    return request.build();
  }

  private String nextName() {
    // Nothing is kept of such a forward, and nothing in it is random: it needs no name.
    return untracked && effectivePhase() == Phase.TEST ? "" : layer.nextForwardName();
  }

  private Phase effectivePhase() {
    return phase == null ? layer.phase() : phase;
  }

  private Output noteLatest(Output output) {
    if (!untracked) {
      layer.latest(output.forwardId());
    }
    return output;
  }

  private static Output output(ForwardResponse answer) {
    return new Output(
        Tensor.fromWire(answer.getOutput()),
        answer.getForwardId(),
        Phase.fromWire(answer.getPhase()));
  }
}
