package org.edunn.client;

import com.google.protobuf.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/** What durations may be, and Java's times to and from protobuf's. */
final class Durations {
  // Longer than anybody waits, and within what gRPC and nanoseconds in a long can count.
  private static final Duration ENDLESS = Duration.ofDays(36_500);
  // The largest duration that protobuf knows.
  private static final Duration LONGEST_ON_THE_WIRE = Duration.ofSeconds(315_576_000_000L);

  private Durations() {}

  /** Returns the duration if it is one to wait for; `name` is what an error calls it. */
  static Duration positive(Duration duration, String name) {
    Objects.requireNonNull(duration, name);
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(
          "the " + name + " must be positive, not " + duration.toString());
    }
    return duration;
  }

  /** Returns the duration if it is positive and the wire can carry it. */
  static Duration finite(Duration duration, String name) {
    positive(duration, name);
    if (duration.compareTo(LONGEST_ON_THE_WIRE) > 0) {
      throw new IllegalArgumentException("the " + name + " must be finite, not " + duration);
    }
    return duration;
  }

  static boolean isEndless(Duration duration) {
    return duration.compareTo(ENDLESS) >= 0;
  }

  static com.google.protobuf.Duration toWire(Duration duration) {
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(duration.getSeconds())
        .setNanos(duration.getNano())
        .build();
  }

  static Instant instantFromWire(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }

  static Duration fromWire(com.google.protobuf.Duration duration) {
    return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
  }
}
