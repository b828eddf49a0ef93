package org.edunn.client;

import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.edunn.serving.v1.TrainingServiceGrpc;
import org.edunn.serving.v1.WatchTrainingRequest;
import org.edunn.serving.v1.WatchTrainingResponse;
import org.jspecify.annotations.Nullable;

/** The events of a training, over as many calls as it takes. */
final class RemoteTrainingEvents implements TrainingEvents {
  private final Connection connection;
  private final String trainingId;
  private final Context.CancellableContext context = Context.current().withCancellation();
  private String after;
  private Attempts attempts;
  private Attempts.Sent sent = new Attempts.Sent();
  // Null while there is no call under way.
  private @Nullable Iterator<WatchTrainingResponse> parts;
  private Optional<TrainingEvent> next = Optional.empty();
  private boolean over;

  RemoteTrainingEvents(Connection connection, String trainingId, String after) {
    this.connection = connection;
    this.trainingId = trainingId;
    this.after = after;
    attempts = connection.attempts();
  }

  @Override
  public boolean hasNext() {
    while (next.isEmpty() && !over) {
      try {
        take();
      } catch (StatusRuntimeException failure) {
        parts = null;
        Failure failed = connection.failed(failure, connection.settings(), sent.left());
        connection.pause(call(), attempts, failed);
      }
    }
    return next.isPresent();
  }

  @Override
  public TrainingEvent next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the training has ended");
    }
    TrainingEvent event = next.orElseThrow();
    next = Optional.empty();
    return event;
  }

  @Override
  public void close() {
    over = true;
    next = Optional.empty();
    context.cancel(null);
  }

  @Override
  public String toString() {
    return "events of the training \"" + trainingId + "\"";
  }

  private void take() {
    Iterator<WatchTrainingResponse> under = parts;
    if (under == null) {
      sent = new Attempts.Sent();
      under = open();
      parts = under;
    }
    if (!under.hasNext()) {
      over = true;
      return;
    }
    TrainingEvent event = TrainingEvent.fromWire(under.next().getEvent());
    after = event.eventId();
    // The time of a call is for each outage anew.
    attempts = connection.attempts();
    next = Optional.of(event);
  }

  private Iterator<WatchTrainingResponse> open() {
    Context before = context.attach();
    try {
      return connection.receive(call(), sent);
    } finally {
      context.detach(before);
    }
  }

  private Call<WatchTrainingRequest, WatchTrainingResponse, ?> call() {
    WatchTrainingRequest request =
        WatchTrainingRequest.newBuilder().setTrainingId(trainingId).setAfterEventId(after).build();
    return new Call<>(
        TrainingServiceGrpc.getWatchTrainingMethod(), request, answer -> answer, true);
  }
}
