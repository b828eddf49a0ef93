package org.edunn.client;

import java.time.Duration;
import java.util.Map;

/**
 * What was measured of an epoch.
 *
 * @param epoch counted from 1
 * @param training the loss and the metrics of the training samples, by name
 * @param validation those of the validation samples; empty if there are none
 * @param learningRate of the epoch
 * @param duration the computing time
 */
public record EpochResult(
    long epoch,
    Map<String, Double> training,
    Map<String, Double> validation,
    double learningRate,
    Duration duration) {
  static EpochResult fromWire(org.edunn.serving.v1.EpochResult message) {
    return new EpochResult(
        message.getEpoch(),
        Map.copyOf(message.getTrainingMap()),
        Map.copyOf(message.getValidationMap()),
        message.getLearningRate(),
        Durations.fromWire(message.getDuration()));
  }
}
