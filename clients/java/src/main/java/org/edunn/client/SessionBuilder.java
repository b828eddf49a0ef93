package org.edunn.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A session about to be created; what is not said is left to the service. */
public final class SessionBuilder {
  private final Connection connection;
  private String sessionId;
  private Long seed;
  private Phase phase;
  private Duration ttl;
  private Duration timeout;

  SessionBuilder(Connection connection) {
    this.connection = connection;
  }

  /**
   * Chooses the session's name; otherwise the service chooses one that nobody can guess.
   *
   * @param sessionId 1 to 64 letters, digits, {@code _ - .}
   * @return this
   */
  public SessionBuilder sessionId(String sessionId) {
    this.sessionId = sessionId;
    return this;
  }

  /**
   * Chooses the seed of everything random in the session: the same seed and the same calls give the
   * same initial parameters and the same masks. Otherwise the service draws one.
   *
   * @param seed 64 bits without sign: {@code Long.parseUnsignedLong("18446744073709551615")}, or
   *     -1, is the largest
   * @return this
   */
  public SessionBuilder seed(long seed) {
    this.seed = seed;
    return this;
  }

  /**
   * Chooses the phase of the forwards that name none; otherwise it is Training.
   *
   * @param phase the phase
   * @return this
   */
  public SessionBuilder phase(Phase phase) {
    this.phase = phase;
    return this;
  }

  /**
   * Chooses how long the session outlives its last use.
   *
   * @param ttl otherwise the service's default
   * @return this
   */
  public SessionBuilder ttl(Duration ttl) {
    this.ttl = ttl;
    return this;
  }

  /**
   * Limits how long the creating may take, all attempts together.
   *
   * @param timeout otherwise the client's
   * @return this
   */
  public SessionBuilder timeout(Duration timeout) {
    this.timeout = timeout;
    return this;
  }

  /**
   * Creates the session. Closing it deletes it.
   *
   * @return the session
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public Session create() {
    return connection.run(call(), timeout);
  }

  /**
   * Starts the creating of the session.
   *
   * @return the session to come
   */
  public CompletableFuture<Session> createAsync() {
    return connection.runAsync(call(), timeout);
  }

  private Call<?, ?, Session> call() {
    return Calls.createSession(sessionId, seed, phase, ttl)
        .map(info -> Session.created(connection, info));
  }
}
