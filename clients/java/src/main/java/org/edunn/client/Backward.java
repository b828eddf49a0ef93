package org.edunn.client;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.edunn.serving.v1.BackwardRequest;
import org.edunn.serving.v1.BackwardResponse;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.LayerServiceGrpc;

/**
 * The computing of the gradients of an earlier forward, with its parameters and its random mask.
 *
 * <pre>{@code
 * Gradients gradients = Backward.of(drop, g).through(output).run();
 * }</pre>
 */
public final class Backward extends Operation<Gradients> {
  private final Tensor outputGradient;
  private final Optional<String> forwardId;
  private final boolean accumulates;
  private final List<CallOption> options;

  private Backward(
      Layer layer,
      Tensor outputGradient,
      Optional<String> forwardId,
      boolean accumulates,
      List<CallOption> options) {
    super(layer);
    this.outputGradient = outputGradient;
    this.forwardId = forwardId;
    this.accumulates = accumulates;
    this.options = options;
  }

  /**
   * Describes a backward as {@link Layer#backward} runs it: through the latest forward of the layer
   * object at the moment at which it is run.
   *
   * @param layer the layer
   * @param outputGradient the gradient of the error with respect to the forward's output, in its
   *     shape
   * @return the backward
   */
  public static Backward of(Layer layer, Tensor outputGradient) {
    Objects.requireNonNull(layer, "layer");
    Objects.requireNonNull(outputGradient, "outputGradient");
    return new Backward(layer, outputGradient, Optional.empty(), false, List.of());
  }

  /**
   * Goes back through the forward of that name.
   *
   * @param forwardId such as {@link Output#forwardId()}
   * @return the new backward
   * @throws FailedPreconditionException with the reason NO_FORWARD if the name is empty, as that of
   *     an untracked forward is
   */
  public Backward forwardId(String forwardId) {
    if (Objects.requireNonNull(forwardId, "forwardId").isEmpty()) {
      throw new FailedPreconditionException(
          "NO_FORWARD",
          "the forward of layer \"%s\" has no name: nothing is kept of an untracked one"
              .formatted(layer().name()));
    }
    return new Backward(layer(), outputGradient, Optional.of(forwardId), accumulates, options);
  }

  /**
   * Goes back through the forward that gave this output.
   *
   * @param output of a tracked forward
   * @return the new backward
   * @throws FailedPreconditionException with the reason NO_FORWARD if the forward was untracked
   */
  public Backward through(Output output) {
    return forwardId(Objects.requireNonNull(output, "output").forwardId());
  }

  /**
   * Has the service keep the parameter gradients for the layer's next step, added to those kept
   * already. The backward's answer has none then.
   *
   * @return the new backward
   */
  public Backward accumulate() {
    return new Backward(layer(), outputGradient, forwardId, true, options);
  }

  /**
   * Limits how long it may take, all attempts together; in a stream from when the service has it.
   *
   * @param timeout otherwise the client's, in a stream none
   * @return the new backward
   * @throws IllegalArgumentException if it is not positive
   */
  public Backward timeout(Duration timeout) {
    return options(CallOption.timeout(timeout));
  }

  /**
   * Says more about the call. In a stream only a timeout has an effect.
   *
   * @param more is added to what has been said
   * @return the new backward
   */
  public Backward options(CallOption... more) {
    List<CallOption> all =
        Stream.concat(options.stream(), Given.all(more, "option").stream()).toList();
    return new Backward(layer(), outputGradient, forwardId, accumulates, List.copyOf(all));
  }

  /**
   * Returns the gradient that the backward is given.
   *
   * @return with respect to the forward's output
   */
  public Tensor outputGradient() {
    return outputGradient;
  }

  /**
   * Returns the name of the forward to go back through.
   *
   * @return empty where it is the layer object's latest
   */
  public Optional<String> forwardId() {
    return forwardId;
  }

  /**
   * Returns whether the service keeps the parameter gradients.
   *
   * @return what {@link #accumulate()} has said
   */
  public boolean accumulates() {
    return accumulates;
  }

  /** Returns the layer and what is said about the backward. */
  @Override
  public String toString() {
    return "backward of %s through %s, output gradient %s%s"
        .formatted(
            layer(),
            forwardId.map(name -> "\"" + name + "\"").orElse("its latest forward"),
            outputGradient,
            accumulates ? ", accumulated" : "");
  }

  @Override
  CallOption[] options() {
    return options.toArray(CallOption[]::new);
  }

  @Override
  Begun<Gradients> begin(RemoteLayer remote) {
    BackwardRequest request = request(remote);
    return new Begun<>(
        ComputeOperation.newBuilder().setBackward(request),
        result -> Gradients.fromWire(result.getBackward(), request.getForwardId()));
  }

  @Override
  Call<BackwardRequest, BackwardResponse, Gradients> call(RemoteLayer remote) {
    BackwardRequest request = request(remote);
    return new Call<>(
        LayerServiceGrpc.getBackwardMethod(),
        request,
        answer -> Gradients.fromWire(answer, request.getForwardId()),
        true);
  }

  private BackwardRequest request(RemoteLayer remote) {
    return BackwardRequest.newBuilder()
        .setSessionId(remote.sessionId())
        .setLayer(remote.name())
        .setForwardId(forwardId.orElseGet(remote::forwardToGoBackThrough))
        .setOutputGradient(outputGradient.toWire())
        .setAccumulate(accumulates)
        // Named, it counts once, even if the request is sent again.
        .setBackwardId(accumulates ? remote.nextName() : "")
        .build();
  }
}
