package org.edunn.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A unary call under way without a thread that waits for it, with its repetitions. */
final class AsyncCall<Q, A, R> {
  private final Connection connection;
  private final Call<Q, A, R> call;
  private final Attempts attempts;
  // A caller's gRPC context, with its deadline and cancellation, holds for the repetitions too.
  private final Context context = Context.current();
  private final CompletableFuture<R> result = new CompletableFuture<>();
  private volatile ClientCall<Q, A> underWay;

  AsyncCall(Connection connection, Call<Q, A, R> call, Attempts attempts) {
    this.connection = connection;
    this.call = call;
    this.attempts = attempts;
  }

  CompletableFuture<R> start() {
    attempt();
    // However the future ends before its answer (cancelled, by orTimeout), nobody waits any more.
    result.whenComplete((value, error) -> cancelUnderWay());
    return result;
  }

  private void attempt() {
    CallOptions options = CallOptions.DEFAULT.withDeadline(attempts.deadline());
    underWay = connection.newCall(call.method(), options);
    ClientCalls.asyncUnaryCall(underWay, call.request(), new Answer());
    if (result.isDone()) {
      cancelUnderWay();
    }
  }

  private void cancelUnderWay() {
    // Without effect on a call that has ended.
    underWay.cancel("nobody waits for the answer", null);
  }

  private void failed(EdunnException failure) {
    EdunnException error = connection.failed(failure);
    Optional<Duration> pause = attempts.pauseAfter(error);
    if (pause.isEmpty() || result.isDone()) {
      result.completeExceptionally(error);
      return;
    }
    connection
        .timer()
        .schedule(
            () -> connection.executor().execute(this::repeat),
            pause.get().toNanos(),
            TimeUnit.NANOSECONDS);
  }

  private void repeat() {
    try {
      context.run(this::attempt);
    } catch (IllegalStateException closed) {
      result.completeExceptionally(closed);
    }
  }

  private final class Answer implements StreamObserver<A> {
    private A answer;

    @Override
    public void onNext(A message) {
      // Only at its end is the call a success: what completes the future cancels the call.
      answer = message;
    }

    @Override
    public void onError(Throwable failure) {
      failed(ServiceStatus.exception((StatusRuntimeException) failure));
    }

    @Override
    public void onCompleted() {
      try {
        result.complete(call.decode().apply(answer));
      } catch (RuntimeException unreadable) {
        result.completeExceptionally(unreadable);
      }
    }
  }
}
