package org.edunn.client;

import java.util.Objects;

/**
 * Stops a training that no longer gets better.
 *
 * @param metric what is watched, of validation if there is one, such as {@code loss}
 * @param patience how many epochs without a better value are one too many
 * @param minDelta by how much a value must be better
 * @param restoreBest whether the parameters of the best epoch are the result, not those of the last
 */
public record EarlyStopping(String metric, long patience, double minDelta, boolean restoreBest) {
  /**
   * Stops as described.
   *
   * @param metric what is watched
   * @param patience how many epochs
   * @param minDelta by how much
   * @param restoreBest whether the best epoch is the result
   */
  public EarlyStopping {
    Objects.requireNonNull(metric, "metric");
  }

  /**
   * Watches the loss.
   *
   * @param patience how many epochs without a better value are one too many
   * @return the description
   */
  public static EarlyStopping ofLoss(long patience) {
    return new EarlyStopping("loss", patience, 0, false);
  }
}
