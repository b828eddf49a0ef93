package org.edunn.client;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
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
  private final List<Tensor> inputs;
  private final Optional<Phase> phase;
  private final Optional<String> forwardId;
  private final boolean untracked;
  private final List<CallOption> options;

  private Forward(
      Layer layer,
      List<Tensor> inputs,
      Optional<Phase> phase,
      Optional<String> forwardId,
      boolean untracked,
      List<CallOption> options) {
    super(layer);
    this.inputs = inputs;
    this.phase = phase;
    this.forwardId = forwardId;
    this.untracked = untracked;
    this.options = options;
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
    Objects.requireNonNull(layer, "layer");
    return new Forward(
        layer, Given.all(inputs, "input"), Optional.empty(), Optional.empty(), false, List.of());
  }

  /**
   * Chooses the phase of this forward alone.
   *
   * @param phase otherwise the layer's, or else the session's
   * @return the new forward
   */
  public Forward phase(Phase phase) {
    Objects.requireNonNull(phase, "phase");
    return new Forward(layer(), inputs, Optional.of(phase), forwardId, untracked, options);
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
    Objects.requireNonNull(forwardId, "forwardId");
    return new Forward(layer(), inputs, phase, Optional.of(forwardId), untracked, options);
  }

  /**
   * Says that no backward will follow, so that the service keeps nothing.
   *
   * @return the new forward
   */
  public Forward untracked() {
    return new Forward(layer(), inputs, phase, forwardId, true, options);
  }

  /**
   * Limits how long it may take, all attempts together; in a stream from when the service has it.
   *
   * @param timeout otherwise the client's, in a stream none
   * @return the new forward
   * @throws IllegalArgumentException if it is not positive
   */
  public Forward timeout(Duration timeout) {
    return options(CallOption.timeout(timeout));
  }

  /**
   * Says more about the call. In a stream only a timeout has an effect.
   *
   * @param more is added to what has been said
   * @return the new forward
   */
  public Forward options(CallOption... more) {
    List<CallOption> all =
        Stream.concat(options.stream(), Given.all(more, "option").stream()).toList();
    return new Forward(layer(), inputs, phase, forwardId, untracked, List.copyOf(all));
  }

  /**
   * Returns what the forward is given.
   *
   * @return the tensors in order
   */
  public List<Tensor> inputs() {
    return inputs;
  }

  /**
   * Returns the phase of this forward alone.
   *
   * @return empty where none was chosen
   */
  public Optional<Phase> phase() {
    return phase;
  }

  /**
   * Returns the forward's name.
   *
   * @return empty where the client counts
   */
  public Optional<String> forwardId() {
    return forwardId;
  }

  /**
   * Returns whether no backward will follow.
   *
   * @return what {@link #untracked()} has said
   */
  public boolean isUntracked() {
    return untracked;
  }

  /** Returns the layer and what is said about the forward. */
  @Override
  public String toString() {
    return "forward of %s, inputs %s%s%s%s"
        .formatted(
            layer(),
            inputs,
            phase.map(chosen -> ", phase " + chosen).orElse(""),
            forwardId.map(name -> ", named \"" + name + "\"").orElse(""),
            untracked ? ", untracked" : "");
  }

  @Override
  CallOption[] options() {
    return options.toArray(CallOption[]::new);
  }

  @Override
  Begun<Output> begin(RemoteLayer remote) {
    ForwardRequest request = request(remote);
    TrackedForward forward = new TrackedForward(request.getForwardId());
    if (!untracked) {
      // A backward may be sent before this forward is answered, so it is the latest from now on.
      remote.latest(forward);
    }
    return new Begun<>(
        ComputeOperation.newBuilder().setForward(request),
        result -> {
          Output output = output(result.getForward());
          forward.name(output.forwardId());
          return output;
        });
  }

  @Override
  Call<ForwardRequest, ForwardResponse, Output> call(RemoteLayer remote) {
    ForwardRequest request = request(remote);
    // A tracked forward is known to the service by its name. An untracked one is forgotten: in
    // training its repetition would count twice in a BatchNorm's running statistics.
    boolean named = !request.getForwardId().isEmpty() && !untracked;
    boolean pure = untracked && effectivePhase(remote) == Phase.TEST;
    return new Call<>(LayerServiceGrpc.getForwardMethod(), request, Forward::output, named || pure)
        .map(output -> noteLatest(remote, output));
  }

  private ForwardRequest request(RemoteLayer remote) {
    ForwardRequest.Builder request =
        ForwardRequest.newBuilder()
            .setSessionId(remote.sessionId())
            .setLayer(remote.name())
            .setPhase(Phase.wire(phase.orElseGet(remote::ownPhase)))
            .setForwardId(forwardId.orElseGet(() -> nextName(remote)))
            .setUntracked(untracked);
    inputs.forEach(input -> request.addInputs(input.toWire()));
    return request.build();
  }

  private String nextName(RemoteLayer remote) {
    // Nothing is kept of such a forward, and nothing in it is random: it needs no name.
    return untracked && effectivePhase(remote) == Phase.TEST ? "" : remote.nextName();
  }

  private Phase effectivePhase(RemoteLayer remote) {
    return phase.orElseGet(remote::phase);
  }

  private Output noteLatest(RemoteLayer remote, Output output) {
    if (!untracked) {
      remote.latest(new TrackedForward(output.forwardId()));
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
