package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Trainings as jobs of the service, and layers as files. */
@NeedsService
class TrainingTest {
  private Client client;
  private Session session;
  private Layer net;
  private Layer loss;

  @BeforeEach
  void start() {
    client = Service.connect();
    session = client.newSession().seed(7).create();
    net = session.add(Layers.dense("net", 64, 10).activationName("softmax"));
    loss = session.add(Layers.crossEntropyWithLabels("loss"));
  }

  @AfterEach
  void stop() {
    session.close();
    client.close();
  }

  @Test
  void trainingIsWatchedToItsEndAndItsModelIsAFile() {
    Map<String, Tensor> before = net.getParameters();
    Training training =
        net.fit(
            TrainingSpec.of("digits", loss, Optimizers.adam().lr(0.01), 2)
                .validationShare(0.2)
                .seed(7)
                .metrics("accuracy")
                .earlyStopping(EarlyStopping.ofLoss(5))
                .schedule(Schedule.cosine(0.1)));
    List<Long> epochs = new ArrayList<>();
    String last = "";
    Optional<TrainingState> state = Optional.empty();
    try (TrainingEvents events = training.watch()) {
      while (events.hasNext()) {
        TrainingEvent event = events.next();
        if (event instanceof TrainingEvent.EpochDone done) {
          epochs.add(done.result().epoch());
          last = event.eventId();
        } else if (event instanceof TrainingEvent.Ended ended) {
          state = Optional.of(ended.info().state());
        }
      }
    }
    assertEquals(List.of(1L, 2L), epochs);
    assertEquals(Optional.of(TrainingState.SUCCEEDED), state);
    try (TrainingEvents events = training.watch(last)) {
      events.forEachRemaining(event -> assertFalse(event instanceof TrainingEvent.EpochDone));
    }
    Map<String, Tensor> after = net.getParameters();
    assertNotEquals(before, after);

    Training again = client.training(training.trainingId());
    TrainingInfo info = again.await();
    assertEquals(Optional.of(TrainingOutcome.APPLIED), info.outcome());
    assertTrue(info.epochs().get(1).validation().get("accuracy") > 0.5, info::toString);
    assertEquals(
        "TRAINING_ENDED", assertThrows(FailedPreconditionException.class, again::resume).reason());
    assertEquals(after, session.importModel("copy", training.model()).getParameters());
  }

  @Test
  void trainingIsCancelledAndResumed() {
    Training training =
        net.fit(
            TrainingSpec.of("digits", loss, Optimizers.gradientDescent(), 100_000).batchSize(512));
    try (TrainingEvents events = training.watch()) {
      while (events.hasNext()) {
        TrainingEvent event = events.next();
        if (event instanceof TrainingEvent.Started) {
          training.cancel();
        } else if (event instanceof TrainingEvent.Ended ended) {
          assertEquals(TrainingState.CANCELLED, ended.info().state());
        }
      }
    }
    assertFalse(training.resume().state().hasEnded());
    training.cancel();
    assertEquals(TrainingState.CANCELLED, training.await().state());
  }

  @Test
  void dataSetIsUploadedAndTrainedWith() {
    int samples = 70_000; // more than a chunk has room for
    Random random = new Random(1);
    float[] x = new float[4 * samples];
    long[] y = new long[samples];
    for (int at = 0; at < x.length; at++) {
      x[at] = random.nextFloat();
    }
    for (int at = 0; at < samples; at++) {
      y[at] = x[4 * at] > x[4 * at + 1] ? 1 : 0;
    }
    DatasetSpec dataset =
        DatasetSpec.of("of-java", Tensor.of(x, samples, 4), Tensor.of(y, samples));
    DatasetInfo stored = client.uploadDataset(dataset.replacing());
    assertEquals("float32 [70000, 4]", stored.x().toString());
    assertEquals(stored, client.uploadDataset(dataset));
    DatasetSpec other = DatasetSpec.of("of-java", dataset.y(), dataset.y());
    assertEquals(
        "DATASET_EXISTS",
        assertThrows(AlreadyExistsException.class, () -> client.uploadDataset(other)).reason());
    List<String> names = client.datasets().stream().map(DatasetInfo::name).toList();
    assertTrue(names.containsAll(List.of("of-java", "digits")), names::toString);

    Layer small = session.add(Layers.dense("small", 4, 2).activationName("softmax"));
    Training training =
        small.fit(TrainingSpec.of("of-java", loss, Optimizers.adam(), 1).batchSize(4096));
    training.await();
    TrainingInfo listed =
        client
            .trainings()
            .filter(info -> info.trainingId().equals(training.trainingId()))
            .findFirst()
            .orElseThrow();
    assertEquals(
        List.of("of-java", "small", session.sessionId(), TrainingState.SUCCEEDED),
        List.of(listed.dataset(), listed.layer(), listed.sessionId(), listed.state()));
    client.deleteDataset("of-java");
    assertThrows(NotFoundException.class, () -> client.deleteDataset("of-java"));
  }

  @Test
  void trainingThatCannotBeIsRefused() {
    TrainingSpec nowhere = TrainingSpec.of("nowhere", loss, Optimizers.adam(), 1);
    assertEquals(
        "DATASET_NOT_FOUND",
        assertThrows(NotFoundException.class, () -> net.fit(nowhere)).reason());
    assertThrows(NotFoundException.class, () -> client.training("gone"));
  }

  @Test
  void layerBecomesAFileAndBack() {
    byte[] file = net.exportModel();
    try (Session other = client.newSession().create()) {
      Layer copy = other.importModel("net", file);
      assertEquals("Dense", copy.info().type());
      assertEquals(net.getParameters(), copy.getParameters());
      byte[] cut = Arrays.copyOf(file, 9);
      assertThrows(InvalidArgumentException.class, () -> other.importModel("x", cut));
    }
  }
}
