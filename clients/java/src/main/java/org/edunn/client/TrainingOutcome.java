package org.edunn.client;

import java.util.Optional;

/** What became of the parameters of a training that succeeded. */
public enum TrainingOutcome {
  /** The session's layer has them. */
  APPLIED,
  /** The layer stays as it is, because its own have changed meanwhile. */
  PARAMETERS_CHANGED,
  /** The session or its layer is no more. */
  SESSION_GONE;

  static Optional<TrainingOutcome> fromWire(org.edunn.serving.v1.TrainingOutcome wire) {
    return switch (wire) {
      case TRAINING_OUTCOME_APPLIED -> Optional.of(APPLIED);
      case TRAINING_OUTCOME_PARAMETERS_CHANGED -> Optional.of(PARAMETERS_CHANGED);
      case TRAINING_OUTCOME_SESSION_GONE -> Optional.of(SESSION_GONE);
      default -> Optional.empty();
    };
  }
}
