package org.edunn.client;

import java.util.Objects;
import java.util.Optional;

/**
 * What a training does. With a seed, the same description gives the same parameters, bit for bit.
 * Immutable.
 *
 * <pre>{@code
 * TrainingSpec.of("digits", loss, Optimizers.adam().lr(0.01), 5).validationShare(0.2).seed(7)
 * }</pre>
 */
public final class TrainingSpec {
  private final org.edunn.serving.v1.TrainingSpec message;
  private final Optional<String> trainingId;

  private TrainingSpec(org.edunn.serving.v1.TrainingSpec message, Optional<String> trainingId) {
    this.message = message;
    this.trainingId = trainingId;
  }

  /**
   * Describes a training whose epochs see the samples in a new order each.
   *
   * @param dataset the name of a data set, such as {@code digits}, which the service brings
   * @param loss a loss layer of the same session
   * @param optimizer how a step changes the parameters
   * @param epochs how often all samples are seen
   * @return the description
   */
  public static TrainingSpec of(String dataset, Layer loss, Optimizer optimizer, long epochs) {
    return new TrainingSpec(
        org.edunn.serving.v1.TrainingSpec.newBuilder()
            .setDataset(Objects.requireNonNull(dataset, "dataset"))
            .setLoss(Objects.requireNonNull(loss, "loss").name())
            .setOptimizer(NamedOptimizer.toWire(Objects.requireNonNull(optimizer, "optimizer")))
            .setEpochs(epochs)
            .setShuffle(true)
            .build(),
        Optional.empty());
  }

  /**
   * Chooses how many samples make a step.
   *
   * @param samples otherwise 32
   * @return the new description
   */
  public TrainingSpec batchSize(long samples) {
    return with(message.toBuilder().setBatchSize(samples));
  }

  /**
   * Has every epoch see the samples in the same order.
   *
   * @return the new description
   */
  public TrainingSpec inOrder() {
    return with(message.toBuilder().setShuffle(false));
  }

  /**
   * Keeps samples for validation.
   *
   * @param share of all samples, at least 0 and less than 1
   * @return the new description
   */
  public TrainingSpec validationShare(double share) {
    return with(message.toBuilder().setValidationShare(share));
  }

  /**
   * Chooses the seed of everything random in the training.
   *
   * @param seed otherwise the service draws one
   * @return the new description
   */
  public TrainingSpec seed(long seed) {
    return with(message.toBuilder().setSeed(seed));
  }

  /**
   * Has more measured than the loss.
   *
   * @param names {@code accuracy}, {@code rmse}, {@code mae}
   * @return the new description
   */
  public TrainingSpec metrics(String... names) {
    return with(message.toBuilder().clearMetrics().addAllMetrics(Given.all(names, "name")));
  }

  /**
   * Says when to stop before the last epoch.
   *
   * @param stopping when
   * @return the new description
   */
  public TrainingSpec earlyStopping(EarlyStopping stopping) {
    Objects.requireNonNull(stopping, "stopping");
    var built = message.toBuilder();
    built
        .getEarlyStoppingBuilder()
        .setMetric(stopping.metric())
        .setPatience(stopping.patience())
        .setMinDelta(stopping.minDelta())
        .setRestoreBest(stopping.restoreBest());
    return with(built);
  }

  /**
   * Changes the learning rate from epoch to epoch.
   *
   * @param schedule how
   * @return the new description
   */
  public TrainingSpec schedule(Schedule schedule) {
    return with(
        message.toBuilder().setSchedule(Objects.requireNonNull(schedule, "schedule").toWire()));
  }

  /**
   * Names the training.
   *
   * @param trainingId otherwise the client chooses a name
   * @return the new description
   */
  public TrainingSpec trainingId(String trainingId) {
    return new TrainingSpec(message, Optional.of(Objects.requireNonNull(trainingId, "trainingId")));
  }

  /** Returns data set, loss and epochs. */
  @Override
  public String toString() {
    return "%s epochs of %s with the loss %s"
        .formatted(message.getEpochs(), message.getDataset(), message.getLoss());
  }

  org.edunn.serving.v1.TrainingSpec toWire(String sessionId, String layer) {
    return message.toBuilder().setSessionId(sessionId).setLayer(layer).build();
  }

  Optional<String> trainingId() {
    return trainingId;
  }

  private TrainingSpec with(org.edunn.serving.v1.TrainingSpec.Builder built) {
    return new TrainingSpec(built.build(), trainingId);
  }
}
