package org.edunn.client;

import java.util.Iterator;

/**
 * The results of {@link StreamBuilder#compute}, as they come; those of one session in the order of
 * its operations. For one thread at a time.
 *
 * <pre>{@code
 * try (Results results = client.compute(operations)) {
 *   while (results.hasNext()) {
 *     OperationResult result = results.next();
 *   }
 * }
 * }</pre>
 */
public interface Results extends Iterator<OperationResult>, AutoCloseable {
  /**
   * Waits for the next result.
   *
   * @return whether there is one
   * @throws EdunnException if the stream has broken, after the results of all that was sent; or the
   *     thread is interrupted
   * @throws RuntimeException what the iterator of the operations has thrown, likewise
   */
  @Override
  boolean hasNext();

  /** Takes no further operation and drops the results that have not been taken. */
  @Override
  void close();
}
