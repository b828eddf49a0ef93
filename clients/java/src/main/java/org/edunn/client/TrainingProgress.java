package org.edunn.client;

import java.time.Duration;

/**
 * How far a training is.
 *
 * @param epochsDone how many epochs are done
 * @param batchesDone of the present epoch
 * @param batches of an epoch
 * @param loss the mean loss of the present epoch so far
 * @param samplesPerSecond of computing
 * @param timeLeft the computing time that is left, as it seems
 * @param share how much of the whole training is done, 0 to 1
 */
public record TrainingProgress(
    long epochsDone,
    long batchesDone,
    long batches,
    double loss,
    double samplesPerSecond,
    Duration timeLeft,
    double share) {
  static TrainingProgress fromWire(org.edunn.serving.v1.TrainingProgress message) {
    return new TrainingProgress(
        message.getEpochsDone(),
        message.getBatchesDone(),
        message.getBatches(),
        message.getLoss(),
        message.getSamplesPerSecond(),
        Durations.fromWire(message.getTimeLeft()),
        message.getShare());
  }
}
