package org.edunn.client;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** The client of a real service. */
final class RemoteClient implements Client {
  private final Connection connection;

  RemoteClient(Connection connection) {
    this.connection = connection;
  }

  Connection connection() {
    return connection;
  }

  @Override
  public List<LayerType> layerTypes(CallOption... options) {
    return connection.run(Calls.listLayerTypes(), options);
  }

  @Override
  public CompletableFuture<List<LayerType>> layerTypesAsync(CallOption... options) {
    return connection.runAsync(Calls.listLayerTypes(), options);
  }

  @Override
  public List<OptimizerType> optimizerTypes(CallOption... options) {
    return connection.run(Calls.listOptimizerTypes(), options);
  }

  @Override
  public CompletableFuture<List<OptimizerType>> optimizerTypesAsync(CallOption... options) {
    return connection.runAsync(Calls.listOptimizerTypes(), options);
  }

  @Override
  public Training training(String trainingId, CallOption... options) {
    Objects.requireNonNull(trainingId, "trainingId");
    return new RemoteTraining(
        connection, connection.run(RemoteTraining.getCall(trainingId), options));
  }

  @Override
  public Stream<TrainingInfo> trainings(CallOption... options) {
    return Stream.iterate(
            Optional.of(connection.run(RemoteTraining.listCall(""), options)),
            Optional::isPresent,
            page ->
                page.map(TrainingPage::next)
                    .filter(token -> !token.isEmpty())
                    .map(token -> connection.run(RemoteTraining.listCall(token), options)))
        .flatMap(page -> page.orElseThrow().trainings().stream());
  }

  @Override
  public DatasetInfo uploadDataset(DatasetSpec dataset, CallOption... options) {
    Objects.requireNonNull(dataset, "dataset");
    return Datasets.upload(connection, dataset, datasets(options), options);
  }

  @Override
  public List<DatasetInfo> datasets(CallOption... options) {
    return connection.run(Datasets.listCall(), options);
  }

  @Override
  public void deleteDataset(String name, CallOption... options) {
    connection.run(Datasets.deleteCall(Objects.requireNonNull(name, "name")), options);
  }

  @Override
  public SessionBuilder newSession() {
    return new RemoteSessionBuilder(connection);
  }

  @Override
  public Session attach(String sessionId, CallOption... options) {
    return connection.run(attachCall(sessionId), options);
  }

  @Override
  public CompletableFuture<Session> attachAsync(String sessionId, CallOption... options) {
    return connection.runAsync(attachCall(sessionId), options);
  }

  @Override
  public SessionInfo getSession(String sessionId, CallOption... options) {
    return connection.run(getCall(sessionId), options);
  }

  @Override
  public CompletableFuture<SessionInfo> getSessionAsync(String sessionId, CallOption... options) {
    return connection.runAsync(getCall(sessionId), options);
  }

  @Override
  public StreamBuilder newStream() {
    return new RemoteStreamBuilder(connection);
  }

  @Override
  public void close() {
    connection.close();
  }

  /** Returns its address. */
  @Override
  public String toString() {
    return "client of " + connection.address();
  }

  private Call<?, ?, Session> attachCall(String sessionId) {
    return getCall(sessionId).map(info -> RemoteSession.attached(connection, info));
  }

  private static Call<?, ?, SessionInfo> getCall(String sessionId) {
    return Calls.getSession(Objects.requireNonNull(sessionId, "sessionId"));
  }
}
