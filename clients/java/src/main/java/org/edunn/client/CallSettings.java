package org.edunn.client;

import io.grpc.CallOptions;
import io.grpc.Deadline;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** What holds for a call: the client's settings, changed by the call's own options. */
record CallSettings(Duration timeout, List<Header> headers, boolean gzip) {
  static CallSettings usual() {
    return new CallSettings(Duration.ofSeconds(30), List.of(), false);
  }

  static CallSettings endless() {
    return usual().withTimeout(ChronoUnit.FOREVER.getDuration());
  }

  CallSettings with(CallOption... options) {
    CallSettings settings = this;
    for (CallOption option : options) {
      settings = Objects.requireNonNull(option, "option").applyTo(settings);
    }
    return settings;
  }

  CallSettings withTimeout(Duration limit) {
    return new CallSettings(limit, headers, gzip);
  }

  CallSettings withHeader(Header header) {
    List<Header> all = new ArrayList<>(headers);
    all.add(header);
    return new CallSettings(timeout, List.copyOf(all), gzip);
  }

  CallSettings withGzip() {
    return new CallSettings(timeout, headers, true);
  }

  /** Returns when the time is over that begins now; nothing where it has no end. */
  Optional<Deadline> deadline() {
    return Durations.isEndless(timeout)
        ? Optional.empty()
        : Optional.of(Deadline.after(timeout.toNanos(), TimeUnit.NANOSECONDS));
  }

  CallOptions compression(CallOptions options) {
    return gzip ? options.withCompression("gzip") : options;
  }
}
