package org.edunn.client;

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
  private final CallSettings how;
  private final Attempts attempts;
  private final long began = System.nanoTime();
  // A caller's gRPC context, with its deadline and cancellation, holds for the repetitions too.
  private final Context context = Context.current();
  private final CompletableFuture<R> result = new CompletableFuture<>();
  private volatile ClientCall<Q, A> underWay;

  AsyncCall(Connection connection, Call<Q, A, R> call, CallSettings how, Attempts attempts) {
    this.connection = connection;
    this.call = call;
    this.how = how;
    this.attempts = attempts;
  }

  CompletableFuture<R> start() {
    attempt();
    // However the future ends before its answer (cancelled, by orTimeout), nobody waits any more.
    result.whenComplete((value, error) -> cancelUnderWay());
    return result;
  }

  private void attempt() {
    Attempts.Sent sent = new Attempts.Sent();
    underWay = connection.newCall(call.method(), how, connection.callOptions(attempts, how, sent));
    ClientCalls.asyncUnaryCall(underWay, call.request(), new Answer(sent));
    if (result.isDone()) {
      cancelUnderWay();
    }
  }

  private void cancelUnderWay() {
    // Without effect on a call that has ended.
    underWay.cancel("nobody waits for the answer", null);
  }

  private void failed(StatusRuntimeException failure, boolean sent) {
    if (result.isDone()) {
      return;
    }
    Failure failed = connection.failed(failure, how, sent);
    Optional<R> arrived = connection.arrived(call, attempts, failed);
    if (arrived.isPresent()) {
      result.complete(arrived.get());
      return;
    }
    Optional<Duration> pause = connection.next(call, attempts, failed);
    if (pause.isEmpty()) {
      result.completeExceptionally(failed.error());
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
    if (result.isDone()) {
      return;
    }
    try {
      context.run(this::attempt);
    } catch (IllegalStateException closed) {
      result.completeExceptionally(closed);
    }
  }

  private final class Answer implements StreamObserver<A> {
    private final Attempts.Sent sent;
    private A answer;

    Answer(Attempts.Sent sent) {
      this.sent = sent;
    }

    @Override
    public void onNext(A message) {
      // Only at its end is the call a success: what completes the future cancels the call.
      answer = message;
    }

    @Override
    public void onError(Throwable failure) {
      try {
        failed((StatusRuntimeException) failure, sent.left());
      } catch (RuntimeException unexpected) {
        result.completeExceptionally(unexpected);
      }
    }

    @Override
    public void onCompleted() {
      try {
        connection.succeeded(call, began, attempts);
        result.complete(call.decode().apply(answer));
      } catch (RuntimeException unreadable) {
        result.completeExceptionally(unreadable);
      }
    }
  }
}
