package org.edunn.client;

import java.time.Instant;

/** Something that happened to a training. */
public sealed interface TrainingEvent {
  /**
   * Returns the event's place among those of its training.
   *
   * @return for {@link Training#watch}
   */
  String eventId();

  /**
   * Returns when it happened.
   *
   * @return by the service's clock
   */
  Instant time();

  /**
   * The training began, or was resumed.
   *
   * @param eventId its place
   * @param time when
   * @param trainingSamples how many samples it trains with
   * @param validationSamples how many it validates with
   * @param epochsDone those of before, if it was resumed
   */
  record Started(
      String eventId, Instant time, long trainingSamples, long validationSamples, long epochsDone)
      implements TrainingEvent {}

  /**
   * Some batches are done.
   *
   * @param eventId its place
   * @param time when
   * @param progress how far it is
   */
  record Progressed(String eventId, Instant time, TrainingProgress progress)
      implements TrainingEvent {}

  /**
   * An epoch is done.
   *
   * @param eventId its place
   * @param time when
   * @param result what was measured of it
   */
  record EpochDone(String eventId, Instant time, EpochResult result) implements TrainingEvent {}

  /**
   * The training has ended. {@link Training#refresh} gives the epochs too.
   *
   * @param eventId its place
   * @param time when
   * @param info how it stands
   */
  record Ended(String eventId, Instant time, TrainingInfo info) implements TrainingEvent {}

  /**
   * Reads an event.
   *
   * @param message as the service sends it
   * @return the event
   */
  static TrainingEvent fromWire(org.edunn.serving.v1.TrainingEvent message) {
    String id = message.getEventId();
    Instant time =
        Instant.ofEpochSecond(message.getTime().getSeconds(), message.getTime().getNanos());
    return switch (message.getEventCase()) {
      case STARTED ->
          new Started(
              id,
              time,
              message.getStarted().getTrainingSamples(),
              message.getStarted().getValidationSamples(),
              message.getStarted().getEpochsDone());
      case EPOCH -> new EpochDone(id, time, EpochResult.fromWire(message.getEpoch()));
      case ENDED -> new Ended(id, time, TrainingInfo.fromWire(message.getEnded()));
      default -> new Progressed(id, time, TrainingProgress.fromWire(message.getProgress()));
    };
  }
}
