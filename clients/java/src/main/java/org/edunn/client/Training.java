package org.edunn.client;

/**
 * A training of the service, by {@link Layer#fit} or {@link Client#training}. It goes on without
 * this object. Threads may share it.
 *
 * <pre>{@code
 * Training training = net.fit(TrainingSpec.of("digits", loss, Optimizers.adam(), 5));
 * try (TrainingEvents events = training.watch()) {
 *   events.forEachRemaining(System.out::println);
 * }
 * }</pre>
 */
public interface Training {
  /**
   * Returns the training's name.
   *
   * @return the name
   */
  default String trainingId() {
    return info().trainingId();
  }

  /**
   * Returns how the training stood when the service was last asked.
   *
   * @return the state
   */
  TrainingInfo info();

  /**
   * Asks how the training stands.
   *
   * @param options of this call
   * @return the state
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  TrainingInfo refresh(CallOption... options);

  /**
   * Ends the training within a batch; what it has computed stays, and it can be resumed. The answer
   * may come before the end. A training that has ended stays as it is.
   *
   * @param options of this call
   * @return the state
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  TrainingInfo cancel(CallOption... options);

  /**
   * Goes on with a training that was cancelled or has failed, from its last checkpoint.
   *
   * @param options of this call
   * @return the state
   * @throws FailedPreconditionException with the reason TRAINING_ENDED if it has succeeded
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  TrainingInfo resume(CallOption... options);

  /**
   * Watches the training from its first event on.
   *
   * @return the events as they come, to be closed
   */
  default TrainingEvents watch() {
    return watch("");
  }

  /**
   * Watches the training from after an event on.
   *
   * @param afterEventId such as {@link TrainingEvent#eventId}; empty for the first on
   * @return the events as they come, to be closed
   */
  TrainingEvents watch(String afterEventId);

  /**
   * Waits until the training has ended.
   *
   * @return how it has ended
   * @throws EdunnException if it has failed, with the reason that it gives
   */
  TrainingInfo await();

  /**
   * Fetches the latest checkpoint as a model file.
   *
   * @param options of this call
   * @return the file: see {@link Layer#exportModel}
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  byte[] model(CallOption... options);
}
