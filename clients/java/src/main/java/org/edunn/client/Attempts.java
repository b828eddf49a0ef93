package org.edunn.client;

import io.grpc.Deadline;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The attempts at one call: how much time is left, and whether a failure ends it. */
final class Attempts {
  private final RetryPolicy policy;
  private final boolean repeatable;
  private final Deadline deadline;
  private int failures;

  Attempts(RetryPolicy policy, Duration timeout, boolean repeatable) {
    this.policy = policy;
    this.repeatable = repeatable;
    this.deadline = Deadline.after(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
  }

  /** Of all attempts together. */
  Deadline deadline() {
    return deadline;
  }

  /** Returns how long to wait before the next attempt; nothing if the failure is the end. */
  Optional<Duration> pauseAfter(EdunnException failure) {
    Duration pause = policy.pauseAfter(failures, failure.retryDelay());
    failures++;
    boolean over =
        failures >= policy.attempts()
            || !mayRepeat(failure)
            || TimeUnit.NANOSECONDS.convert(pause) >= deadline.timeRemaining(TimeUnit.NANOSECONDS);
    return over ? Optional.empty() : Optional.of(pause);
  }

  /**
   * RESOURCE_EXHAUSTED with a delay says that the call was refused and never ran. After UNAVAILABLE
   * nobody knows: the connection may have broken on the way back. Then only a call whose repetition
   * changes nothing may be made again. Every other error would come back.
   */
  private boolean mayRepeat(EdunnException failure) {
    if (failure.code() == Status.Code.RESOURCE_EXHAUSTED) {
      return failure.retryDelay().isPresent();
    }
    return failure.code() == Status.Code.UNAVAILABLE && repeatable;
  }
}
