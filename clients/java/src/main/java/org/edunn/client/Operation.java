package org.edunn.client;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A forward, a backward or a step with all that is to be said about it, to be run by itself or sent
 * through a {@link ComputeStream}. Immutable; it can be run any number of times, each a new
 * operation.
 *
 * @param <R> what it results in
 */
public abstract sealed class Operation<R> permits Forward, Backward, Step, TrainStep {
  private final Layer layer;

  Operation(Layer layer) {
    this.layer = layer;
  }

  /**
   * Returns the layer that the operation is of.
   *
   * @return the layer
   */
  public final Layer layer() {
    return layer;
  }

  /**
   * Runs the operation and waits for its result.
   *
   * @return the result
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public final R run() {
    return layer.run(this);
  }

  /**
   * Starts the operation.
   *
   * @return the result to come; cancelling it cancels the operation
   */
  public final CompletableFuture<R> runAsync() {
    return layer.runAsync(this);
  }

  abstract CallOption[] options();

  /** Returns how long the operation itself may take; nothing where it does not say. */
  final Optional<Duration> timeout() {
    return Optional.of(CallSettings.endless().with(options()).timeout())
        .filter(limit -> !Durations.isEndless(limit));
  }

  /** Returns the call that the operation is by itself. */
  abstract Call<?, ?, R> call(RemoteLayer remote);

  /** Takes up the operation for a stream, in which nothing is repeated. */
  abstract Begun<R> begin(RemoteLayer remote);
}
