package org.edunn.client;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How a training stands.
 *
 * @param trainingId its name
 * @param sessionId the session of the layer
 * @param layer what is trained
 * @param dataset what it is trained with
 * @param seed the one given, or the one that the service drew; 64 bits without sign
 * @param createTime when it was asked for
 * @param state where it stands
 * @param outcome of one that has succeeded
 * @param failure why it failed
 * @param progress how far it is
 * @param epochs those that are done, in order: the last 1000 of them; none in a list of trainings
 * @param bestEpoch the epoch of which the parameters are the result, counted from 1; 0 before
 * @param stoppedEarly whether early stopping has ended it
 */
public record TrainingInfo(
    String trainingId,
    String sessionId,
    String layer,
    String dataset,
    long seed,
    Instant createTime,
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
        message.getSpec().getSessionId(),
        message.getSpec().getLayer(),
        message.getSpec().getDataset(),
        message.getSpec().getSeed(),
        Durations.instantFromWire(message.getCreateTime()),
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
