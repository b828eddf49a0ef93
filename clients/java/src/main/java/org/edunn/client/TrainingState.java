package org.edunn.client;

/** Where a training stands. */
public enum TrainingState {
  /** It waits for a worker. */
  QUEUED,
  /** It computes. */
  RUNNING,
  /** It has ended with its last epoch, or by early stopping. */
  SUCCEEDED,
  /** A fault ended it. It can be resumed. */
  FAILED,
  /** Its caller ended it. It can be resumed. */
  CANCELLED;

  /**
   * Returns whether nothing more will happen to the training unless it is resumed.
   *
   * @return whether it has ended
   */
  public boolean hasEnded() {
    return compareTo(SUCCEEDED) >= 0;
  }

  static TrainingState fromWire(org.edunn.serving.v1.TrainingState wire) {
    return switch (wire) {
      case TRAINING_STATE_RUNNING -> RUNNING;
      case TRAINING_STATE_SUCCEEDED -> SUCCEEDED;
      case TRAINING_STATE_FAILED -> FAILED;
      case TRAINING_STATE_CANCELLED -> CANCELLED;
      default -> QUEUED;
    };
  }
}
