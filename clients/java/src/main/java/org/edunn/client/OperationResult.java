package org.edunn.client;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** How an operation of {@link StreamBuilder#compute} ended: with what it computes, or an error. */
public final class OperationResult {
  private final Operation<?> operation;
  private final Optional<Object> value;
  private final Optional<EdunnException> error;

  private OperationResult(
      Operation<?> operation, Optional<Object> value, Optional<EdunnException> error) {
    this.operation = operation;
    this.value = value;
    this.error = error;
  }

  /**
   * Makes the result of a forward.
   *
   * @param operation the forward
   * @param output what it gave
   * @return the result
   */
  public static OperationResult of(Forward operation, Output output) {
    return succeeded(operation, Objects.requireNonNull(output, "output"));
  }

  /**
   * Makes the result of a backward.
   *
   * @param operation the backward
   * @param gradients what it gave
   * @return the result
   */
  public static OperationResult of(Backward operation, Gradients gradients) {
    return succeeded(operation, Objects.requireNonNull(gradients, "gradients"));
  }

  /**
   * Makes the result of a step.
   *
   * @param operation the step
   * @param step what it has done
   * @return the result
   */
  public static OperationResult of(Step operation, StepResult step) {
    return succeeded(operation, Objects.requireNonNull(step, "step"));
  }

  /**
   * Makes the result of a training step.
   *
   * @param operation the training step
   * @param trainStep what it has done
   * @return the result
   */
  public static OperationResult of(TrainStep operation, TrainStepResult trainStep) {
    return succeeded(operation, Objects.requireNonNull(trainStep, "trainStep"));
  }

  /**
   * Makes the result of an operation that failed.
   *
   * @param operation the operation
   * @param error why
   * @return the result
   */
  public static OperationResult of(Operation<?> operation, EdunnException error) {
    return new OperationResult(
        Objects.requireNonNull(operation, "operation"),
        Optional.empty(),
        Optional.of(Objects.requireNonNull(error, "error")));
  }

  static OperationResult succeeded(Operation<?> operation, Object value) {
    return new OperationResult(
        Objects.requireNonNull(operation, "operation"), Optional.of(value), Optional.empty());
  }

  /**
   * Returns what was run.
   *
   * @return the very object that was given to compute
   */
  public Operation<?> operation() {
    return operation;
  }

  /**
   * Returns why there is no value.
   *
   * @return empty if there is one
   */
  public Optional<EdunnException> error() {
    return error;
  }

  /**
   * Returns what a forward gave.
   *
   * @return the output
   * @throws EdunnException if the operation failed
   * @throws IllegalStateException if it is no forward
   */
  public Output output() {
    return value(Output.class);
  }

  /**
   * Returns what a backward gave.
   *
   * @return the gradients
   * @throws EdunnException if the operation failed
   * @throws IllegalStateException if it is no backward
   */
  public Gradients gradients() {
    return value(Gradients.class);
  }

  /**
   * Returns what a step has done.
   *
   * @return the step
   * @throws EdunnException if the operation failed
   * @throws IllegalStateException if it is no step
   */
  public StepResult step() {
    return value(StepResult.class);
  }

  /**
   * Returns what a training step has done.
   *
   * @return the training step
   * @throws EdunnException if the operation failed
   * @throws IllegalStateException if it is no training step
   */
  public TrainStepResult trainStep() {
    return value(TrainStepResult.class);
  }

  /** Returns the value or the error. */
  @Override
  public String toString() {
    return operation.layer().name() + ": " + value.or(() -> error).orElseThrow();
  }

  private <T> T value(Class<T> type) {
    if (error.isPresent()) {
      throw error.get();
    }
    return value
        .filter(type::isInstance)
        .map(type::cast)
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "a " + operation + " has no " + type.getSimpleName().toLowerCase(Locale.ROOT)));
  }
}
