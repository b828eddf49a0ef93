package org.edunn.client;

import java.util.Iterator;

/**
 * The events of a training as they come, until it ends. For one thread at a time.
 *
 * <p>A connection that breaks is made again, and no event is lost or comes twice.
 */
public interface TrainingEvents extends Iterator<TrainingEvent>, AutoCloseable {
  /**
   * Waits for the next event.
   *
   * @return whether there is one
   * @throws EdunnException if the service stays away, or the thread is interrupted
   */
  @Override
  boolean hasNext();

  /** Watches no longer; the training goes on. */
  @Override
  void close();
}
