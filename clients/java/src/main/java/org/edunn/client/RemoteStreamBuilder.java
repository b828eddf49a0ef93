package org.edunn.client;

import java.time.Duration;
import java.util.Objects;

/** A stream to a real service about to be opened. */
final class RemoteStreamBuilder implements StreamBuilder {
  private final Connection connection;
  private int inFlight = 64;
  private CallSettings settings;

  RemoteStreamBuilder(Connection connection) {
    this.connection = connection;
    settings = connection.settings();
  }

  @Override
  public StreamBuilder inFlight(int inFlight) {
    if (inFlight < 1) {
      throw new IllegalArgumentException("at least 1 must be in flight, not " + inFlight);
    }
    this.inFlight = inFlight;
    return this;
  }

  @Override
  public StreamBuilder timeout(Duration timeout) {
    settings = settings.withTimeout(Durations.positive(timeout, "timeout"));
    return this;
  }

  @Override
  public StreamBuilder options(CallOption... options) {
    settings = settings.with(options);
    return this;
  }

  @Override
  public ComputeStream open() {
    return RemoteStream.open(connection, inFlight, settings);
  }

  @Override
  public Results compute(Iterable<? extends Operation<?>> operations) {
    Objects.requireNonNull(operations, "operations");
    return RemoteResults.start(connection.executor(), open(), inFlight, operations);
  }

  @Override
  public String toString() {
    return "builder of a stream to " + connection.address();
  }
}
