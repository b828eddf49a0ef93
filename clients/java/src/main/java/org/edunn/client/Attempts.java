package org.edunn.client;

import io.grpc.CallOptions;
import io.grpc.ClientStreamTracer;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The attempts at one call: how much time is left, and whether a failure ends it. */
final class Attempts {
  private final RetryPolicy policy;
  private final boolean repeatable;
  private final Optional<Deadline> deadline;
  private int failures;
  private boolean mayHaveArrived;

  Attempts(RetryPolicy policy, Optional<Deadline> deadline, boolean repeatable) {
    this.policy = policy;
    this.deadline = deadline;
    this.repeatable = repeatable;
  }

  /** Returns the options of the next attempt: the deadline is that of all together. */
  CallOptions options(CallOptions options, Sent sent) {
    CallOptions noting = options.withStreamTracerFactory(sent);
    return deadline.map(noting::withDeadline).orElse(noting);
  }

  int failures() {
    return failures;
  }

  /** Whether a failed attempt may have reached the service and taken effect there. */
  boolean mayHaveArrived() {
    return mayHaveArrived;
  }

  /** Returns how long to wait before the next attempt; nothing if the failure is the end. */
  Optional<Duration> pauseAfter(Failure failure) {
    Duration pause = policy.pauseAfter(failures, failure.error().retryDelay());
    failures++;
    boolean over = failures >= policy.attempts() || !mayRepeat(failure) || outlasts(pause);
    mayHaveArrived |= failure.sent() && failure.error().code() == Status.Code.UNAVAILABLE;
    return over ? Optional.empty() : Optional.of(pause);
  }

  /**
   * RESOURCE_EXHAUSTED with a delay says that the call was refused and never ran, and what was not
   * sent cannot have run. After another UNAVAILABLE nobody knows: the connection may have broken on
   * the way back. Then only a call whose repetition changes nothing may be made again. Every other
   * error would come back.
   */
  private boolean mayRepeat(Failure failure) {
    return switch (failure.error().code()) {
      case RESOURCE_EXHAUSTED -> failure.error().retryDelay().isPresent();
      case UNAVAILABLE -> !failure.hopeless() && (repeatable || !failure.sent());
      default -> false;
    };
  }

  private boolean outlasts(Duration pause) {
    return deadline
        .map(end -> pause.toNanos() >= end.timeRemaining(TimeUnit.NANOSECONDS))
        .orElse(false);
  }

  /** Notes whether an attempt has left for the service. */
  static final class Sent extends ClientStreamTracer.Factory {
    private volatile boolean left;

    boolean left() {
      return left;
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo info, Metadata headers) {
      return new ClientStreamTracer() {
        @Override
        public void outboundHeaders() {
          left = true;
        }
      };
    }
  }
}
