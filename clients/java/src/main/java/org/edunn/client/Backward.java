package org.edunn.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.edunn.serving.v1.BackwardRequest;
import org.edunn.serving.v1.BackwardResponse;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.LayerServiceGrpc;

/**
 * The computing of the gradients of an earlier forward, with its parameters and its random mask.
 *
 * <pre>{@code
 * Gradients gradients = Backward.of(drop, g).forwardId(output.forwardId()).run();
 * }</pre>
 */
public final class Backward extends Operation<Gradients> {
  private final Layer layer;
  private final Tensor outputGradient;
  private final String forwardId;
  private final Duration timeout;

  private Backward(Layer layer, Tensor outputGradient, String forwardId, Duration timeout) {
    this.layer = layer;
    this.outputGradient = outputGradient;
    this.forwardId = forwardId;
    this.timeout = timeout;
  }

  /**
   * Describes a backward as {@link Layer#backward} runs it: through the layer's latest forward at
   * the moment at which it is run.
   *
   * @param layer the layer
   * @param outputGradient the gradient of the error with respect to the forward's output, in its
   *     shape
   * @return the backward
   */
  public static Backward of(Layer layer, Tensor outputGradient) {
    return new Backward(layer, outputGradient, null, null);
  }

  /**
   * Goes back through the forward of that name.
   *
   * @param forwardId such as {@link Output#forwardId()}
   * @return the new backward
   */
  public Backward forwardId(String forwardId) {
    return new Backward(layer, outputGradient, forwardId, timeout);
  }

  /**
   * Limits how long it may take, all attempts together. Has no effect in a stream.
   *
   * @param timeout otherwise the client's
   * @return the new backward
   */
  public Backward timeout(Duration timeout) {
    return new Backward(layer, outputGradient, forwardId, timeout);
  }

  @Override
  public Gradients run() {
    return layer.connection().run(call(), timeout);
  }

  @Override
  public CompletableFuture<Gradients> runAsync() {
    return layer.connection().runAsync(call(), timeout);
  }

  @Override
  Begun<Gradients> begin() {
    return new Begun<>(
        ComputeOperation.newBuilder().setBackward(request()),
        result -> Gradients.fromWire(result.getBackward()));
  }

  private Call<BackwardRequest, BackwardResponse, Gradients> call() {
    return new Call<>(LayerServiceGrpc.getBackwardMethod(), request(), Gradients::fromWire, true);
  }

  private BackwardRequest request() {
    return BackwardRequest.newBuilder()
        .setSessionId(layer.sessionId())
        .setLayer(layer.name())
        .setForwardId(forwardId == null ? layer.latestForwardId() : forwardId)
        .setOutputGradient(outputGradient.toWire())
        .build();
  }
}
