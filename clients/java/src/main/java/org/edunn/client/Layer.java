package org.edunn.client;

import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A layer of a session that the service computes, made by {@link Session#add}.
 *
 * <p>The latest forward and the default phase belong to this object. Threads that share one should
 * keep each {@link Output#forwardId()} for their backwards.
 *
 * <p>It is an interface so that a program's tests may stand in for it: {@link #run} is given every
 * forward and backward. Methods may be added to it in any version.
 */
public interface Layer {
  /**
   * Returns the layer's name in its session.
   *
   * @return the name
   */
  default String name() {
    return info().name();
  }

  /**
   * Returns how the layer stands: its type, its configuration, the shapes of its parameters.
   *
   * @return the description
   */
  LayerInfo info();

  /**
   * Returns the phase of the forwards that name none.
   *
   * @return the layer's own if {@link #setPhase} chose one, or else the session's
   */
  Phase phase();

  /**
   * Chooses the phase of this object's forwards from now on.
   *
   * @param phase the phase
   */
  void setPhase(Phase phase);

  /**
   * Returns the name of the latest tracked forward of this object, which {@link #backward} goes
   * back through.
   *
   * @return empty before the first
   */
  String latestForwardId();

  /**
   * Runs an operation of this layer and waits for its result, as {@link Operation#run} does.
   *
   * @param operation a {@link Forward}, {@link Backward}, {@link Step} or {@link TrainStep}
   * @param <R> what it results in
   * @return the result
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  <R> R run(Operation<R> operation);

  /**
   * Starts an operation of this layer, as {@link Operation#runAsync} does.
   *
   * @param operation a {@link Forward}, {@link Backward}, {@link Step} or {@link TrainStep}
   * @param <R> what it results in
   * @return the result to come; cancelling it cancels the operation
   */
  <R> CompletableFuture<R> runAsync(Operation<R> operation);

  /**
   * Computes the layer's output. {@link Forward} has more to say about it.
   *
   * @param inputs one tensor for a layer, its first axis the batch; {@code y_true} and {@code y}
   *     for a loss
   * @return the output, in the data type of the input
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  default Tensor forward(Tensor... inputs) {
    return Forward.of(this, inputs).run().tensor();
  }

  /**
   * Starts the computing of the layer's output.
   *
   * @param inputs as in {@link #forward}
   * @return the output to come; cancelling it cancels the call
   */
  CompletableFuture<Tensor> forwardAsync(Tensor... inputs);

  /**
   * Computes the gradients of the latest forward of this object. {@link Backward} can name another.
   *
   * @param outputGradient the gradient of the error with respect to the forward's output, in its
   *     shape
   * @return the gradients
   * @throws FailedPreconditionException with the reason NO_FORWARD if this object has made no
   *     forward, whatever others have made
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  default Gradients backward(Tensor outputGradient) {
    return Backward.of(this, outputGradient).run();
  }

  /**
   * Starts the computing of the gradients of the latest forward that has been answered.
   *
   * @param outputGradient as in {@link #backward}
   * @return the gradients to come; cancelling them cancels the call
   */
  default CompletableFuture<Gradients> backwardAsync(Tensor outputGradient) {
    return Backward.of(this, outputGradient).runAsync();
  }

  /**
   * Changes the layer's parameters by one step of an optimizer on the gradients that backwards with
   * {@link Backward#accumulate} have kept, and clears these. {@link Step} has more to say about it.
   *
   * @param optimizer such as {@code Optimizers.adam().lr(0.01)}
   * @return the step
   * @throws FailedPreconditionException with the reason NO_GRADIENTS or NOT_FINITE
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  default StepResult step(Optimizer optimizer) {
    return Step.of(this).optimizer(optimizer).run();
  }

  /**
   * Runs forward, loss, backward and step in one call, in the training phase. {@link TrainStep} has
   * more to say about it.
   *
   * @param x what the layer takes
   * @param target what the loss compares the layer's output with
   * @param loss a loss layer of the same session
   * @param optimizer as for {@link #step}
   * @return the step, with the mean loss before it
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  default TrainStepResult trainStep(Tensor x, Tensor target, Layer loss, Optimizer optimizer) {
    return TrainStep.of(this, loss, target, x).optimizer(optimizer).run();
  }

  /**
   * Forgets the gradients that the service keeps for the layer's next step.
   *
   * @param options of this call
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  void clearGradients(CallOption... options);

  /**
   * Starts the forgetting of the kept gradients.
   *
   * @param options of this call
   * @return done when they are gone
   */
  CompletableFuture<Void> clearGradientsAsync(CallOption... options);

  /**
   * Starts a training of this layer at the service, and returns it while it goes on. The service
   * trains a copy. At the end the layer gets its parameters, unless its own have changed meanwhile.
   *
   * @param training what it does
   * @param options of this call
   * @return the training
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  Training fit(TrainingSpec training, CallOption... options);

  /**
   * Fetches the layer as a model file: safetensors, with the parameters and buffers by name and the
   * layer's type and configuration in its metadata. edunn, PyTorch and all that know the format
   * read it. {@link Session#importModel} takes it.
   *
   * @param options of this call
   * @return the file
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  byte[] exportModel(CallOption... options);

  /**
   * Fetches the layer's parameters and buffers (BatchNorm's running statistics, for one).
   *
   * @param options of this call
   * @return by name; inside a Sequential {@code layer(w)}
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  Map<String, Tensor> getParameters(CallOption... options);

  /**
   * Starts the fetching of the layer's parameters and buffers.
   *
   * @param options of this call
   * @return as in {@link #getParameters}
   */
  CompletableFuture<Map<String, Tensor>> getParametersAsync(CallOption... options);

  /**
   * Replaces parameters or buffers; those left out stay. A later backward of an earlier forward
   * then fails with FORWARD_STALE.
   *
   * @param parameters the new values by name, in the shapes that the layer has
   * @param options of this call
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  void setParameters(Map<String, Tensor> parameters, CallOption... options);

  /**
   * Starts the replacing of parameters or buffers.
   *
   * @param parameters as in {@link #setParameters}
   * @param options of this call
   * @return done when the service has them
   */
  CompletableFuture<Void> setParametersAsync(Map<String, Tensor> parameters, CallOption... options);
}
