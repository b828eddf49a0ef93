package org.edunn.client;

import java.util.List;
import java.util.Optional;

/**
 * How a training stands.
 *
 * @param trainingId its name
 * @param state where it stands
 * @param outcome of one that has succeeded
 * @param failure why it failed
 * @param progress how far it is
 * @param epochs those that are done, in order: the last 1000 of them
 * @param bestEpoch the epoch of which the parameters are the result, counted from 1; 0 before
 * @param stoppedEarly whether early stopping has ended it
 */
public record TrainingInfo(
    String trainingId,
    TrainingState state,
    Optional<TrainingOutcome> outcome,
    Optional<EdunnException> failure,
    TrainingProgress progress,
    List<EpochResult> epochs,
    long bestEpoch,
    boolean stoppedEarly) {
  static TrainingInfo fromWire(org.edunn.serving.v1.Training message) {
    return new TrainingInfo(
        message.getTrainingId(),
        TrainingState.fromWire(message.getState()),
        TrainingOutcome.fromWire(message.getOutcome()),
        message.hasError()
            ? Optional.of(ServiceStatus.exception(message.getError()))
            : Optional.empty(),
        TrainingProgress.fromWire(message.getProgress()),
        message.getEpochsList().stream().map(EpochResult::fromWire).toList(),
        message.getBestEpoch(),
        message.getStoppedEarly());
  }
}
