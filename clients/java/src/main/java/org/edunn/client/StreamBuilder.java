package org.edunn.client;

import java.time.Duration;

/** A stream about to be opened. */
public final class StreamBuilder {
  private final Connection connection;
  private int inFlight = 64;
  private Duration timeout;

  StreamBuilder(Connection connection) {
    this.connection = connection;
    timeout = connection.timeout();
  }

  /**
   * Limits how many operations may be under way at once; a further one waits in {@link
   * ComputeStream#submit}.
   *
   * @param inFlight otherwise 64
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public StreamBuilder inFlight(int inFlight) {
    if (inFlight < 1) {
      throw new IllegalArgumentException("at least 1 must be in flight, not " + inFlight);
    }
    this.inFlight = inFlight;
    return this;
  }

  /**
   * Limits how long operations may wait without a single answer coming before the stream is given
   * up. The stream itself may live for as long as it is used.
   *
   * @param timeout otherwise the client's
   * @return this
   */
  public StreamBuilder timeout(Duration timeout) {
    this.timeout = timeout;
    return this;
  }

  /**
   * Opens the stream.
   *
   * @return the stream
   */
  public ComputeStream open() {
    return ComputeStream.open(connection, inFlight, timeout);
  }
}
