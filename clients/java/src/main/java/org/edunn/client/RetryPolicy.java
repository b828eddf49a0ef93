package org.edunn.client;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How often, and after what pauses, a failed call is made again where that is safe.
 *
 * <p>The n-th pause is between half of {@code firstPause} times 2 to the n and all of it, at most
 * {@code longestPause}. Where the service names a delay, that comes on top. The random share keeps
 * many refused callers from coming back at the same moment. The call's deadline ends it in any
 * case.
 *
 * @param attempts how often a call is made at most; 1 turns retries off
 * @param firstPause the pause after the first attempt
 * @param longestPause where the pauses stop growing
 */
public record RetryPolicy(int attempts, Duration firstPause, Duration longestPause) {
  /**
   * Makes a policy.
   *
   * @param attempts how often a call is made at most; 1 turns retries off
   * @param firstPause the pause after the first attempt
   * @param longestPause where the pauses stop growing
   * @throws IllegalArgumentException if there is no attempt, or a pause is negative
   */
  public RetryPolicy {
    Objects.requireNonNull(firstPause, "firstPause");
    Objects.requireNonNull(longestPause, "longestPause");
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts must be at least 1, not " + attempts);
    }
    if (firstPause.isNegative() || longestPause.isNegative()) {
      throw new IllegalArgumentException("a pause cannot be negative");
    }
  }

  /**
   * Returns what a client does unless told otherwise: as many attempts as the deadline allows, with
   * pauses from 0.1 to 0.5 s, so that a service that comes back is found soon.
   *
   * @return the policy
   */
  public static RetryPolicy standard() {
    return new RetryPolicy(Integer.MAX_VALUE, Duration.ofMillis(100), Duration.ofMillis(500));
  }

  /**
   * Returns the policy of trying once.
   *
   * @return the policy
   */
  public static RetryPolicy never() {
    return new RetryPolicy(1, Duration.ZERO, Duration.ZERO);
  }

  /** Returns the pause after the failed attempt, counted from 0. */
  Duration pauseAfter(int attempt, Optional<Duration> retryDelay) {
    double grown = firstPause.toNanos() * Math.pow(2, attempt);
    double backoff = Math.min(grown, longestPause.toNanos());
    double share = ThreadLocalRandom.current().nextDouble(0.5, 1.0);
    return Duration.ofNanos((long) (share * backoff)).plus(retryDelay.orElse(Duration.ZERO));
  }
}
