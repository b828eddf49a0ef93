package org.edunn.client;

import org.edunn.serving.v1.LearningRateSchedule;

/** How the learning rate changes from epoch to epoch. */
public final class Schedule {
  private final LearningRateSchedule message;

  private Schedule(LearningRateSchedule message) {
    this.message = message;
  }

  /**
   * Multiplies the learning rate.
   *
   * @param epochs after how many epochs each time
   * @param factor by what
   * @return the schedule
   */
  public static Schedule step(long epochs, double factor) {
    var schedule = LearningRateSchedule.newBuilder();
    schedule.getStepBuilder().setEpochs(epochs).setFactor(factor);
    return new Schedule(schedule.build());
  }

  /**
   * Lets the learning rate fall along half a cosine.
   *
   * @param share to what share of what it was
   * @return the schedule
   */
  public static Schedule cosine(double share) {
    var schedule = LearningRateSchedule.newBuilder();
    schedule.getCosineBuilder().setShare(share);
    return new Schedule(schedule.build());
  }

  /** Returns the kind and its numbers. */
  @Override
  public String toString() {
    return message.hasStep()
        ? "times %s after every %s epochs"
            .formatted(message.getStep().getFactor(), message.getStep().getEpochs())
        : "along a cosine to " + message.getCosine().getShare();
  }

  LearningRateSchedule toWire() {
    return message;
  }
}
