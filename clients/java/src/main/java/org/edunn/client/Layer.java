package org.edunn.client;

import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A layer of a session that the service computes, made by {@link Session#add}.
 *
 * <p>The latest forward and the default phase belong to this object. Threads that share one should
 * keep each {@link Output#forwardId()} for their backwards.
 */
public final class Layer {
  private final Session session;
  private final LayerInfo info;
  private volatile Phase phase;
  private volatile String latestForwardId = "";

  Layer(Session session, LayerInfo info) {
    this.session = session;
    this.info = info;
  }

  /**
   * Returns the layer's name in its session.
   *
   * @return the name
   */
  public String name() {
    return info.name();
  }

  /**
   * Returns how the layer stands: its type, its configuration, the shapes of its parameters.
   *
   * @return the description
   */
  public LayerInfo info() {
    return info;
  }

  /**
   * Returns the phase of the forwards that name none.
   *
   * @return the layer's own if {@link #setPhase} chose one, or else the session's
   */
  public Phase phase() {
    Phase own = phase;
    return own == null ? session.phase() : own;
  }

  /**
   * Chooses the phase of this object's forwards from now on.
   *
   * @param phase the phase
   */
  public void setPhase(Phase phase) {
    this.phase = phase;
  }

  /**
   * Returns the name of the latest tracked forward, which {@link #backward} goes back through.
   *
   * @return empty before the first
   */
  public String latestForwardId() {
    return latestForwardId;
  }

  /**
   * Computes the layer's output. {@link Forward} has more to say about it.
   *
   * @param inputs one tensor for a layer, its first axis the batch; {@code y_true} and {@code y}
   *     for a loss
   * @return the output, in the data type of the input
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public Tensor forward(Tensor... inputs) {
    return Forward.of(this, inputs).run().tensor();
  }

  /**
   * Starts the computing of the layer's output.
   *
   * @param inputs as in {@link #forward}
   * @return the output to come; cancelling it cancels the call
   */
  public CompletableFuture<Tensor> forwardAsync(Tensor... inputs) {
    return Forward.of(this, inputs).runAsyncForTensor();
  }

  /**
   * Computes the gradients of the latest forward. {@link Backward} can name another.
   *
   * @param outputGradient the gradient of the error with respect to the forward's output, in its
   *     shape
   * @return the gradients
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public Gradients backward(Tensor outputGradient) {
    return Backward.of(this, outputGradient).run();
  }

  /**
   * Starts the computing of the gradients of the latest forward that has been answered.
   *
   * @param outputGradient as in {@link #backward}
   * @return the gradients to come; cancelling them cancels the call
   */
  public CompletableFuture<Gradients> backwardAsync(Tensor outputGradient) {
    return Backward.of(this, outputGradient).runAsync();
  }

  /**
   * Fetches the layer's parameters and buffers (BatchNorm's running statistics, for one).
   *
   * @return by name; inside a Sequential {@code layer(w)}
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public Map<String, Tensor> getParameters() {
    return connection().run(Calls.getParameters(sessionId(), name()), null);
  }

  /**
   * Starts the fetching of the layer's parameters and buffers.
   *
   * @return as in {@link #getParameters}
   */
  public CompletableFuture<Map<String, Tensor>> getParametersAsync() {
    return connection().runAsync(Calls.getParameters(sessionId(), name()), null);
  }

  /**
   * Replaces parameters or buffers; those left out stay. A later backward of an earlier forward
   * then fails with FORWARD_STALE.
   *
   * @param parameters the new values by name, in the shapes that the layer has
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public void setParameters(Map<String, Tensor> parameters) {
    connection().run(Calls.setParameters(sessionId(), name(), parameters), null);
  }

  /**
   * Starts the replacing of parameters or buffers.
   *
   * @param parameters as in {@link #setParameters}
   * @return done when the service has them
   */
  public CompletableFuture<Void> setParametersAsync(Map<String, Tensor> parameters) {
    return connection().runAsync(Calls.setParameters(sessionId(), name(), parameters), null);
  }

  /** Returns type, name and session. */
  @Override
  public String toString() {
    return "%s \"%s\" of session %s".formatted(info.type(), name(), sessionId());
  }

  Connection connection() {
    return session.connection();
  }

  String sessionId() {
    return session.sessionId();
  }

  /** Null until {@link #setPhase}. */
  Phase ownPhase() {
    return phase;
  }

  String nextForwardName() {
    return session.nextForwardName(name());
  }

  void latest(String forwardId) {
    latestForwardId = forwardId;
  }
}
