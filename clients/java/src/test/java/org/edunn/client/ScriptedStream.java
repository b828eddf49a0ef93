package org.edunn.client;

import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.BlockingQueue;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.edunn.serving.v1.BackwardRequest;
import org.edunn.serving.v1.BackwardResponse;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.ComputeRequest;
import org.edunn.serving.v1.ComputeResponse;
import org.edunn.serving.v1.ComputeResult;
import org.edunn.serving.v1.OperationError;

/** A server's side of a Compute stream that does with each request what a test says. */
final class ScriptedStream implements StreamObserver<ComputeRequest> {
  private final StreamObserver<ComputeResponse> reply;
  private final BiConsumer<ComputeRequest, StreamObserver<ComputeResponse>> take;
  private final Runnable cancelled;

  private ScriptedStream(
      StreamObserver<ComputeResponse> reply,
      BiConsumer<ComputeRequest, StreamObserver<ComputeResponse>> take,
      Runnable cancelled) {
    this.reply = reply;
    this.take = take;
    this.cancelled = cancelled;
  }

  static Function<StreamObserver<ComputeResponse>, StreamObserver<ComputeRequest>> onRequest(
      BiConsumer<ComputeRequest, StreamObserver<ComputeResponse>> take) {
    return reply -> new ScriptedStream(reply, take, () -> {});
  }

  static Function<StreamObserver<ComputeResponse>, StreamObserver<ComputeRequest>> onCancel(
      Runnable cancelled) {
    return reply -> new ScriptedStream(reply, (request, answers) -> {}, cancelled);
  }

  /** Answers a forward with its input, a backward with its gradient and its forward's name. */
  static void echo(ComputeRequest request, StreamObserver<ComputeResponse> reply) {
    ComputeResponse.Builder response = ComputeResponse.newBuilder();
    request.getOperationsList().forEach(operation -> response.addResults(answer(operation)));
    reply.onNext(response.build());
  }

  /** Puts the answers that {@link #echo} would give into the queue, each to be given by running. */
  static void hold(
      ComputeRequest request,
      StreamObserver<ComputeResponse> reply,
      BlockingQueue<Runnable> answers) {
    for (ComputeOperation operation : request.getOperationsList()) {
      ComputeResponse response = ComputeResponse.newBuilder().addResults(answer(operation)).build();
      answers.add(() -> reply.onNext(response));
    }
  }

  @Override
  public void onNext(ComputeRequest request) {
    take.accept(request, reply);
  }

  @Override
  public void onError(Throwable failure) {
    cancelled.run();
  }

  @Override
  public void onCompleted() {
    reply.onCompleted();
  }

  private static ComputeResult answer(ComputeOperation operation) {
    ComputeResult.Builder result =
        ComputeResult.newBuilder().setRequestId(operation.getRequestId());
    if (operation.hasBackward()) {
      BackwardRequest backward = operation.getBackward();
      var gradient = backward.getOutputGradient();
      return result
          .setBackward(
              BackwardResponse.newBuilder()
                  .setInputGradient(gradient)
                  .putParameterGradients(backward.getForwardId(), gradient))
          .build();
    }
    if (operation.getForward().getLayer().equals("unknown")) {
      return result.setError(unknownLayer()).build();
    }
    return result.setForward(Answers.forwarded(operation.getForward())).build();
  }

  private static OperationError unknownLayer() {
    var refusal =
        StatusProto.fromThrowable(
            ScriptedServer.status(Status.Code.NOT_FOUND, "LAYER_NOT_FOUND", null));
    return OperationError.newBuilder()
        .setCode(refusal.getCode())
        .setMessage(refusal.getMessage())
        .addAllDetails(refusal.getDetailsList())
        .build();
  }
}
