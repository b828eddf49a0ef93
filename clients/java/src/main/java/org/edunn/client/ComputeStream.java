package org.edunn.client;

import java.util.concurrent.CompletableFuture;

/**
 * A stream of operations that are sent without waiting for answers, made by {@link
 * Client#newStream}. Threads may share it.
 *
 * <p>Operations of one session take effect in the order in which they are submitted, and a backward
 * may be submitted before its forward is answered. An error is its own operation's and the stream
 * goes on. If the connection breaks, every operation without an answer fails with {@link
 * UnavailableException}; nothing is made again, as the order would be lost. Before anything has
 * been sent the stream waits for a connection.
 *
 * <p>What depends on a future without an executor of its own (as {@code thenApply} does) runs in
 * the stream's reading thread: it may submit more, but while it blocks no answer comes.
 */
public interface ComputeStream extends AutoCloseable {
  /**
   * Sends an operation. While as many are under way as may be, this waits for room (but not in the
   * reading thread, where room could never come).
   *
   * @param operation a {@link Forward}, {@link Backward}, {@link Step} or {@link TrainStep}
   * @param <R> what it results in
   * @return the result to come. Cancelling it tells the service, but the operation may take effect
   *     all the same
   * @throws IllegalStateException if the stream has been closed
   * @throws EdunnException if the stream has broken, or the thread is interrupted while it waits
   */
  <R> CompletableFuture<R> submit(Operation<R> operation);

  /**
   * Sends what {@link Layer#forward} would.
   *
   * @param layer the layer
   * @param inputs one tensor for a layer; {@code y_true} and {@code y} for a loss
   * @return the output to come
   */
  default CompletableFuture<Output> forward(Layer layer, Tensor... inputs) {
    return submit(Forward.of(layer, inputs));
  }

  /**
   * Sends what {@link Layer#backward} would, through the layer's latest forward at this moment.
   *
   * @param layer the layer
   * @param outputGradient the gradient with respect to the forward's output
   * @return the gradients to come
   */
  default CompletableFuture<Gradients> backward(Layer layer, Tensor outputGradient) {
    return submit(Backward.of(layer, outputGradient));
  }

  /** Waits for all answers and ends the stream. Interrupting the thread cancels it instead. */
  @Override
  void close();

  /** Ends the stream at once; futures without an answer are cancelled. */
  void cancel();
}
