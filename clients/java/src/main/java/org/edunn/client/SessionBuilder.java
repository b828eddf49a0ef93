package org.edunn.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A session about to be created; what is not said is left to the service. */
public interface SessionBuilder {
  /**
   * Chooses the session's name; otherwise the service chooses one that nobody can guess.
   *
   * @param sessionId 1 to 64 letters, digits, {@code _ - .}
   * @return this
   */
  SessionBuilder sessionId(String sessionId);

  /**
   * Chooses the seed of everything random in the session: the same seed and the same calls give the
   * same initial parameters and the same masks. Otherwise one is drawn.
   *
   * @param seed 64 bits without sign: {@code Long.parseUnsignedLong("18446744073709551615")}, or
   *     -1, is the largest
   * @return this
   */
  SessionBuilder seed(long seed);

  /**
   * Chooses the phase of the forwards that name none; otherwise it is Training.
   *
   * @param phase the phase
   * @return this
   */
  SessionBuilder phase(Phase phase);

  /**
   * Chooses how long the session outlives its last use.
   *
   * @param ttl otherwise the service's default
   * @return this
   * @throws IllegalArgumentException if it is not positive, or longer than any that can be sent
   */
  SessionBuilder ttl(Duration ttl);

  /**
   * Creates the session. Closing it deletes it.
   *
   * @param options of this call
   * @return the session
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  Session create(CallOption... options);

  /**
   * Starts the creating of the session.
   *
   * @param options of this call
   * @return the session to come
   */
  CompletableFuture<Session> createAsync(CallOption... options);
}
