package org.edunn.client;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.edunn.serving.v1.TrainStepRequest;
import org.edunn.serving.v1.TrainStepResponse;

/**
 * Forward, loss, backward and step of a layer in one call, in the training phase.
 *
 * <pre>{@code
 * TrainStepResult done =
 *     TrainStep.of(net, loss, goal, x).optimizer(Optimizers.adam().lr(0.01)).run();
 * }</pre>
 *
 * <p>It fails as {@link Step} does.
 */
public final class TrainStep extends Operation<TrainStepResult> {
  private final Layer loss;
  private final Tensor target;
  private final List<Tensor> inputs;
  private final Optional<Optimizer> optimizer;
  private final Optional<String> stepId;
  private final List<CallOption> options;

  private TrainStep(
      Layer layer,
      Layer loss,
      Tensor target,
      List<Tensor> inputs,
      Optional<Optimizer> optimizer,
      Optional<String> stepId,
      List<CallOption> options) {
    super(layer);
    this.loss = loss;
    this.target = target;
    this.inputs = inputs;
    this.optimizer = optimizer;
    this.stepId = stepId;
    this.options = options;
  }

  /**
   * Describes a training step with the optimizer of the layer's last step.
   *
   * @param layer the layer to train
   * @param loss a loss layer of the same session
   * @param target what the loss compares the layer's output with
   * @param inputs what the layer takes
   * @return the step
   */
  public static TrainStep of(Layer layer, Layer loss, Tensor target, Tensor... inputs) {
    Objects.requireNonNull(layer, "layer");
    Objects.requireNonNull(loss, "loss");
    Objects.requireNonNull(target, "target");
    return new TrainStep(
        layer,
        loss,
        target,
        Given.all(inputs, "input"),
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  /**
   * Chooses the optimizer. Another one than that of the last step begins anew.
   *
   * @param optimizer such as {@code Optimizers.adam().lr(0.01)}
   * @return the new step
   */
  public TrainStep optimizer(Optimizer optimizer) {
    Objects.requireNonNull(optimizer, "optimizer");
    return new TrainStep(layer(), loss, target, inputs, Optional.of(optimizer), stepId, options);
  }

  /**
   * Names the step, as {@link Step#stepId} does.
   *
   * @param stepId the name
   * @return the new step
   */
  public TrainStep stepId(String stepId) {
    Objects.requireNonNull(stepId, "stepId");
    return new TrainStep(layer(), loss, target, inputs, optimizer, Optional.of(stepId), options);
  }

  /**
   * Limits how long it may take, all attempts together; in a stream from when the service has it.
   *
   * @param timeout otherwise the client's, in a stream none
   * @return the new step
   * @throws IllegalArgumentException if it is not positive
   */
  public TrainStep timeout(Duration timeout) {
    return options(CallOption.timeout(timeout));
  }

  /**
   * Says more about the call. In a stream only a timeout has an effect.
   *
   * @param more is added to what has been said
   * @return the new step
   */
  public TrainStep options(CallOption... more) {
    List<CallOption> all =
        Stream.concat(options.stream(), Given.all(more, "option").stream()).toList();
    return new TrainStep(layer(), loss, target, inputs, optimizer, stepId, List.copyOf(all));
  }

  /** Returns the layer, the loss and the optimizer. */
  @Override
  public String toString() {
    return "training step of %s through %s with %s"
        .formatted(layer(), loss, optimizer.map(Object::toString).orElse("its last optimizer"));
  }

  @Override
  CallOption[] options() {
    return options.toArray(CallOption[]::new);
  }

  @Override
  Begun<TrainStepResult> begin(RemoteLayer remote) {
    return new Begun<>(
        ComputeOperation.newBuilder().setTrainStep(request(remote)),
        result -> result(result.getTrainStep()));
  }

  @Override
  Call<TrainStepRequest, TrainStepResponse, TrainStepResult> call(RemoteLayer remote) {
    TrainStepRequest request = request(remote);
    boolean named = !request.getStepId().isEmpty();
    return new Call<>(LayerServiceGrpc.getTrainStepMethod(), request, TrainStep::result, named);
  }

  private TrainStepRequest request(RemoteLayer remote) {
    TrainStepRequest.Builder request = TrainStepRequest.newBuilder();
    optimizer.map(NamedOptimizer::toWire).ifPresent(request::setOptimizer);
    inputs.forEach(input -> request.addInputs(input.toWire()));
    return request
        .setSessionId(remote.sessionId())
        .setLayer(remote.name())
        .setTarget(target.toWire())
        .setLoss(loss.name())
        .setStepId(stepId.orElseGet(remote::nextName))
        .build();
  }

  private static TrainStepResult result(TrainStepResponse answer) {
    return new TrainStepResult(answer.getStepId(), answer.getSteps(), answer.getLoss());
  }
}
