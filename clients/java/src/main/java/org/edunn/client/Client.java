package org.edunn.client;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A connection to an edunn-serving service, made at the first call. Threads may share it.
 *
 * <p>Every call has a deadline and is made again where that is safe ({@link RetryPolicy}). Each has
 * an async variant; its future fails with the {@link EdunnException} that the other throws, and
 * what depends on it may run in the client's threads. Interrupting a thread that waits for a call
 * cancels the call.
 */
public final class Client implements AutoCloseable {
  private final String address;
  private final Connection connection;

  private Client(Builder builder) {
    address = builder.address;
    connection =
        new Connection(address, builder.tls, builder.token, builder.timeout, builder.retry);
  }

  /**
   * Makes a plaintext connection, which is for loopback.
   *
   * @param address {@code host:port}
   * @return the client
   */
  public static Client connect(String address) {
    return builder(address).build();
  }

  /**
   * Begins a connection with more to be said about it.
   *
   * @param address {@code host:port}
   * @return the builder
   */
  public static Builder builder(String address) {
    return new Builder(address);
  }

  /**
   * Fetches the catalogue: the layer types that a session can have.
   *
   * @return the types, sorted by name
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public List<LayerType> layerTypes() {
    return connection.run(Calls.listLayerTypes(), null);
  }

  /**
   * Starts the fetching of the catalogue.
   *
   * @return the types to come
   */
  public CompletableFuture<List<LayerType>> layerTypesAsync() {
    return connection.runAsync(Calls.listLayerTypes(), null);
  }

  /**
   * Begins a session.
   *
   * @return what creates it
   */
  public SessionBuilder newSession() {
    return new SessionBuilder(connection);
  }

  /**
   * Returns a session that exists, with its layers. Closing it does not delete it.
   *
   * <p>Its forwards are counted under names of their own, so that they never meet those of whoever
   * created the session. Where a mask must be reproducible, name the forward: {@link
   * Forward#forwardId}.
   *
   * @param sessionId the session's name
   * @return the session
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public Session attach(String sessionId) {
    return connection.run(attachCall(sessionId), null);
  }

  /**
   * Starts the fetching of a session that exists.
   *
   * @param sessionId the session's name
   * @return the session to come, as in {@link #attach}
   */
  public CompletableFuture<Session> attachAsync(String sessionId) {
    return connection.runAsync(attachCall(sessionId), null);
  }

  /**
   * Asks how a session stands: its layers, phase, seed and expiry.
   *
   * @param sessionId the session's name
   * @return the description
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public SessionInfo getSession(String sessionId) {
    return connection.run(Calls.getSession(sessionId), null);
  }

  /**
   * Starts asking how a session stands.
   *
   * @param sessionId the session's name
   * @return the description to come
   */
  public CompletableFuture<SessionInfo> getSessionAsync(String sessionId) {
    return connection.runAsync(Calls.getSession(sessionId), null);
  }

  /**
   * Begins a stream, for many operations at once.
   *
   * @return what opens it
   */
  public StreamBuilder newStream() {
    return new StreamBuilder(connection);
  }

  /** Closes the connection; calls under way in other threads end with CANCELLED. */
  @Override
  public void close() {
    connection.close();
  }

  /** Returns its address. */
  @Override
  public String toString() {
    return "client of " + address;
  }

  private Call<?, ?, Session> attachCall(String sessionId) {
    return Calls.getSession(sessionId).map(info -> Session.attached(connection, info));
  }

  /** A connection about to be made. */
  public static final class Builder {
    private final String address;
    private Tls tls;
    private String token;
    private Duration timeout = Duration.ofSeconds(30);
    private RetryPolicy retry = RetryPolicy.standard();

    private Builder(String address) {
      this.address = address;
    }

    /**
     * Encrypts the connection. Without it the connection is plaintext, which is for loopback.
     *
     * @param tls whom to trust
     * @return this
     */
    public Builder tls(Tls tls) {
      this.tls = tls;
      return this;
    }

    /**
     * Sends a bearer token with every call. One that travels unencrypted any further than loopback
     * is warned of in the log.
     *
     * @param token the token
     * @return this
     */
    public Builder token(String token) {
      this.token = token;
      return this;
    }

    /**
     * Limits how long a call may take, all attempts together, where it names no timeout of its own.
     *
     * @param timeout otherwise 30 s
     * @return this
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder timeout(Duration timeout) {
      if (timeout.isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException("the timeout must be positive, not " + timeout);
      }
      this.timeout = timeout;
      return this;
    }

    /**
     * Chooses how often a call is made again where that is safe.
     *
     * @param retry otherwise {@link RetryPolicy#standard()}
     * @return this
     */
    public Builder retry(RetryPolicy retry) {
      this.retry = retry;
      return this;
    }

    /**
     * Makes the client. It connects at its first call.
     *
     * @return the client
     * @throws java.io.UncheckedIOException if a file of {@link Tls} cannot be read
     */
    public Client build() {
      return new Client(this);
    }
  }
}
