package org.edunn.client;

import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.edunn.serving.v1.StartTrainingRequest;
import org.jspecify.annotations.Nullable;

/** A layer of a real service's session. */
final class RemoteLayer implements Layer {
  private final RemoteSession session;
  private volatile LayerInfo info;
  // Null until setPhase.
  private volatile @Nullable Phase phase;
  // Null before the first tracked forward.
  private volatile @Nullable TrackedForward latest;

  RemoteLayer(RemoteSession session, LayerInfo info) {
    this.session = session;
    this.info = info;
  }

  /** Returns the layer that a stream sends operations of. */
  static RemoteLayer of(Operation<?> operation) {
    if (operation.layer() instanceof RemoteLayer layer) {
      return layer;
    }
    throw new IllegalArgumentException(operation.layer() + " is no layer of a service");
  }

  @Override
  public LayerInfo info() {
    return info;
  }

  @Override
  public Phase phase() {
    Phase own = phase;
    return own == null ? session.phase() : own;
  }

  @Override
  public void setPhase(Phase phase) {
    this.phase = Objects.requireNonNull(phase, "phase");
  }

  @Override
  public String latestForwardId() {
    TrackedForward forward = latest;
    return forward == null ? "" : forward.name();
  }

  @Override
  public <R> R run(Operation<R> operation) {
    Objects.requireNonNull(operation, "operation");
    return connection().run(operation.call(this), operation.options());
  }

  @Override
  public <R> CompletableFuture<R> runAsync(Operation<R> operation) {
    Objects.requireNonNull(operation, "operation");
    try {
      return connection().runAsync(operation.call(this), operation.options());
    } catch (FailedPreconditionException nothingToGoBackThrough) {
      return CompletableFuture.failedFuture(nothingToGoBackThrough);
    }
  }

  @Override
  public CompletableFuture<Tensor> forwardAsync(Tensor... inputs) {
    // Not by way of runAsync: cancelling what is made of a future does not cancel the future.
    return connection().runAsync(Forward.of(this, inputs).call(this).map(Output::tensor));
  }

  @Override
  public void clearGradients(CallOption... options) {
    connection().run(Calls.clearGradients(sessionId(), name()), options);
  }

  @Override
  public CompletableFuture<Void> clearGradientsAsync(CallOption... options) {
    return connection().runAsync(Calls.clearGradients(sessionId(), name()), options);
  }

  @Override
  public Training fit(TrainingSpec training, CallOption... options) {
    Objects.requireNonNull(training, "training");
    StartTrainingRequest request =
        StartTrainingRequest.newBuilder()
            .setSpec(training.toWire(sessionId(), name()))
            // Named here, so that a repetition finds what the first attempt has made.
            .setTrainingId(training.trainingId().orElseGet(() -> UUID.randomUUID().toString()))
            .build();
    return new RemoteTraining(
        connection(), connection().run(RemoteTraining.startCall(request), options));
  }

  @Override
  public byte[] exportModel(CallOption... options) {
    return ModelFiles.export(connection(), sessionId(), name(), options);
  }

  @Override
  public Map<String, Tensor> getParameters(CallOption... options) {
    return connection().run(Calls.getParameters(sessionId(), name()), options);
  }

  @Override
  public CompletableFuture<Map<String, Tensor>> getParametersAsync(CallOption... options) {
    return connection().runAsync(Calls.getParameters(sessionId(), name()), options);
  }

  @Override
  public void setParameters(Map<String, Tensor> parameters, CallOption... options) {
    connection().run(setCall(parameters), options);
  }

  @Override
  public CompletableFuture<Void> setParametersAsync(
      Map<String, Tensor> parameters, CallOption... options) {
    return connection().runAsync(setCall(parameters), options);
  }

  /** Returns type, name and session. */
  @Override
  public String toString() {
    String type = info.type().isEmpty() ? "layer" : info.type();
    return "%s \"%s\" of session %s".formatted(type, name(), sessionId());
  }

  String sessionId() {
    return session.sessionId();
  }

  void info(LayerInfo fresh) {
    info = fresh;
  }

  /** Null until {@link #setPhase}. */
  @Nullable Phase ownPhase() {
    return phase;
  }

  String nextName() {
    return session.nextName(name());
  }

  void latest(TrackedForward forward) {
    latest = forward;
  }

  /** Returns the name of the forward that a backward goes back through unless it names one. */
  String forwardToGoBackThrough() {
    TrackedForward forward = latest;
    if (forward == null) {
      throw new FailedPreconditionException(
          "NO_FORWARD",
          "this object of layer \"%s\" has made no forward to go back through: make one, or name one"
              .formatted(name()));
    }
    if (forward.name().isEmpty()) {
      throw new FailedPreconditionException(
          "NO_FORWARD",
          "the service has not yet named the latest forward of layer \"%s\": wait for its answer"
              .formatted(name()));
    }
    return forward.name();
  }

  private Connection connection() {
    return session.connection();
  }

  private Call<?, ?, Void> setCall(Map<String, Tensor> parameters) {
    return Calls.setParameters(
        sessionId(), name(), Objects.requireNonNull(parameters, "parameters"));
  }
}
