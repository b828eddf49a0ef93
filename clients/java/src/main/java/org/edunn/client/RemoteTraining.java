package org.edunn.client;

import java.util.Objects;
import org.edunn.serving.v1.CancelTrainingRequest;
import org.edunn.serving.v1.DownloadModelRequest;
import org.edunn.serving.v1.DownloadModelResponse;
import org.edunn.serving.v1.GetTrainingRequest;
import org.edunn.serving.v1.ListTrainingsRequest;
import org.edunn.serving.v1.ResumeTrainingRequest;
import org.edunn.serving.v1.StartTrainingRequest;
import org.edunn.serving.v1.TrainingServiceGrpc;

/** A training of a real service. */
final class RemoteTraining implements Training {
  private static final int PAGE_SIZE = 100;

  private final Connection connection;
  private volatile TrainingInfo info;

  RemoteTraining(Connection connection, TrainingInfo info) {
    this.connection = connection;
    this.info = info;
  }

  static Call<?, ?, TrainingInfo> startCall(StartTrainingRequest request) {
    return new Call<>(
        TrainingServiceGrpc.getStartTrainingMethod(),
        request,
        answer -> TrainingInfo.fromWire(answer.getTraining()),
        true);
  }

  static Call<?, ?, TrainingPage> listCall(String token) {
    return new Call<>(
        TrainingServiceGrpc.getListTrainingsMethod(),
        ListTrainingsRequest.newBuilder().setPageSize(PAGE_SIZE).setPageToken(token).build(),
        answer ->
            new TrainingPage(
                answer.getTrainingsList().stream().map(TrainingInfo::fromWire).toList(),
                answer.getNextPageToken()),
        true);
  }

  static Call<?, ?, TrainingInfo> getCall(String trainingId) {
    return new Call<>(
        TrainingServiceGrpc.getGetTrainingMethod(),
        GetTrainingRequest.newBuilder().setTrainingId(trainingId).build(),
        answer -> TrainingInfo.fromWire(answer.getTraining()),
        true);
  }

  @Override
  public TrainingInfo info() {
    return info;
  }

  @Override
  public TrainingInfo refresh(CallOption... options) {
    return note(connection.run(getCall(trainingId()), options));
  }

  @Override
  public TrainingInfo cancel(CallOption... options) {
    Call<?, ?, TrainingInfo> call =
        new Call<>(
            TrainingServiceGrpc.getCancelTrainingMethod(),
            CancelTrainingRequest.newBuilder().setTrainingId(trainingId()).build(),
            answer -> TrainingInfo.fromWire(answer.getTraining()),
            true);
    return note(connection.run(call, options));
  }

  @Override
  public TrainingInfo resume(CallOption... options) {
    Call<?, ?, TrainingInfo> call =
        new Call<>(
            TrainingServiceGrpc.getResumeTrainingMethod(),
            ResumeTrainingRequest.newBuilder().setTrainingId(trainingId()).build(),
            answer -> TrainingInfo.fromWire(answer.getTraining()),
            true);
    return note(connection.run(call, options));
  }

  @Override
  public TrainingEvents watch(String afterEventId) {
    Objects.requireNonNull(afterEventId, "afterEventId");
    return new RemoteTrainingEvents(connection, trainingId(), afterEventId);
  }

  @Override
  public TrainingInfo await() {
    try (TrainingEvents events = watch()) {
      events.forEachRemaining(event -> {});
    }
    TrainingInfo ended = refresh();
    if (ended.failure().isPresent()) {
      throw ended.failure().get();
    }
    return ended;
  }

  @Override
  public byte[] model(CallOption... options) {
    return ModelFiles.download(
        connection,
        TrainingServiceGrpc.getDownloadModelMethod(),
        DownloadModelRequest.newBuilder().setTrainingId(trainingId()).build(),
        DownloadModelResponse::getChunk,
        options);
  }

  /** Returns name and state. */
  @Override
  public String toString() {
    return "training \"%s\", %s".formatted(trainingId(), info.state());
  }

  private TrainingInfo note(TrainingInfo fresh) {
    info = fresh;
    return fresh;
  }
}
