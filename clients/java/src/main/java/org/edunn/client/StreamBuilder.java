package org.edunn.client;

import java.time.Duration;

/** A stream about to be opened. */
public interface StreamBuilder {
  /**
   * Limits how many operations may be under way at once; a further one waits in {@link
   * ComputeStream#submit}.
   *
   * @param inFlight otherwise 64
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  StreamBuilder inFlight(int inFlight);

  /**
   * Limits how long operations may wait without a single answer coming before the stream is given
   * up. The stream itself may live for as long as it is used.
   *
   * @param timeout otherwise the client's
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  StreamBuilder timeout(Duration timeout);

  /**
   * Says more about the call that the stream is.
   *
   * @param options such as headers
   * @return this
   */
  StreamBuilder options(CallOption... options);

  /**
   * Opens the stream.
   *
   * @return the stream
   */
  ComputeStream open();

  /**
   * Runs operations through a stream of their own and gives their results as they come.
   *
   * <p>A thread of the client takes the operations, never more ahead of the results that have been
   * taken than may be in flight. So the operations may be without end, and taking the next one may
   * wait for a result.
   *
   * @param operations what to run, in order
   * @return the results
   */
  Results compute(Iterable<? extends Operation<?>> operations);
}
