package org.edunn.client;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.edunn.serving.v1.StepRequest;
import org.edunn.serving.v1.StepResponse;

/**
 * One step of an optimizer on the gradients that backwards with {@link Backward#accumulate} have
 * kept, which clears these.
 *
 * <pre>{@code
 * StepResult done = Step.of(net).optimizer(Optimizers.adam().lr(0.01)).run();
 * }</pre>
 *
 * <p>It fails with a {@link FailedPreconditionException} for the reason NO_GRADIENTS where none are
 * kept, NO_OPTIMIZER where none is named before the first step, NOT_FINITE where a gradient has a
 * NaN or an infinity; then nothing is changed.
 */
public final class Step extends Operation<StepResult> {
  private final Optional<Optimizer> optimizer;
  private final Optional<String> stepId;
  private final List<CallOption> options;

  private Step(
      Layer layer,
      Optional<Optimizer> optimizer,
      Optional<String> stepId,
      List<CallOption> options) {
    super(layer);
    this.optimizer = optimizer;
    this.stepId = stepId;
    this.options = options;
  }

  /**
   * Describes a step with the optimizer of the layer's last step.
   *
   * @param layer the layer
   * @return the step
   */
  public static Step of(Layer layer) {
    Objects.requireNonNull(layer, "layer");
    return new Step(layer, Optional.empty(), Optional.empty(), List.of());
  }

  /**
   * Chooses the optimizer. Another one than that of the last step begins anew.
   *
   * @param optimizer such as {@code Optimizers.adam().lr(0.01)}
   * @return the new step
   */
  public Step optimizer(Optimizer optimizer) {
    Objects.requireNonNull(optimizer, "optimizer");
    return new Step(layer(), Optional.of(optimizer), stepId, options);
  }

  /**
   * Names the step, so that a repetition is no second step; otherwise the client counts.
   *
   * @param stepId 1 to 128 printable ASCII characters, not beginning with {@code #}; empty leaves
   *     the name to the service, and such a step is not tried again when the connection breaks
   * @return the new step
   */
  public Step stepId(String stepId) {
    Objects.requireNonNull(stepId, "stepId");
    return new Step(layer(), optimizer, Optional.of(stepId), options);
  }

  /**
   * Limits how long it may take, all attempts together; in a stream from when the service has it.
   *
   * @param timeout otherwise the client's, in a stream none
   * @return the new step
   * @throws IllegalArgumentException if it is not positive
   */
  public Step timeout(Duration timeout) {
    return options(CallOption.timeout(timeout));
  }

  /**
   * Says more about the call. In a stream only a timeout has an effect.
   *
   * @param more is added to what has been said
   * @return the new step
   */
  public Step options(CallOption... more) {
    List<CallOption> all =
        Stream.concat(options.stream(), Given.all(more, "option").stream()).toList();
    return new Step(layer(), optimizer, stepId, List.copyOf(all));
  }

  /** Returns the layer and the optimizer. */
  @Override
  public String toString() {
    return "step of %s with %s"
        .formatted(layer(), optimizer.map(Object::toString).orElse("its last optimizer"));
  }

  @Override
  CallOption[] options() {
    return options.toArray(CallOption[]::new);
  }

  @Override
  Begun<StepResult> begin(RemoteLayer remote) {
    return new Begun<>(
        ComputeOperation.newBuilder().setStep(request(remote)), result -> result(result.getStep()));
  }

  @Override
  Call<StepRequest, StepResponse, StepResult> call(RemoteLayer remote) {
    StepRequest request = request(remote);
    boolean named = !request.getStepId().isEmpty();
    return new Call<>(LayerServiceGrpc.getStepMethod(), request, Step::result, named);
  }

  private StepRequest request(RemoteLayer remote) {
    StepRequest.Builder request = StepRequest.newBuilder();
    optimizer.map(NamedOptimizer::toWire).ifPresent(request::setOptimizer);
    return request
        .setSessionId(remote.sessionId())
        .setLayer(remote.name())
        .setStepId(stepId.orElseGet(remote::nextName))
        .build();
  }

  private static StepResult result(StepResponse answer) {
    return new StepResult(answer.getStepId(), answer.getSteps());
  }
}
