package org.edunn.client;

import java.util.concurrent.CompletableFuture;

/**
 * A forward or a backward with all that is to be said about it, to be run by itself or sent through
 * a {@link ComputeStream}. Immutable; it can be run any number of times, each a new operation.
 *
 * @param <R> what it results in
 */
public abstract sealed class Operation<R> permits Forward, Backward {
  Operation() {}

  /**
   * Runs the operation and waits for its result.
   *
   * @return the result
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public abstract R run();

  /**
   * Starts the operation.
   *
   * @return the result to come; cancelling it cancels the operation
   */
  public abstract CompletableFuture<R> runAsync();

  /** Takes up the operation for a stream, in which nothing is repeated. */
  abstract Begun<R> begin();
}
