package org.edunn.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** A client's channel, and the carrying out of its calls with deadlines and repetitions. */
final class Connection implements AutoCloseable {
  private final ManagedChannel channel;
  private final Duration timeout;
  private final RetryPolicy retry;
  private final ExecutorService executor;
  private final ScheduledThreadPoolExecutor timer;
  private volatile boolean closed;

  Connection(String address, Tls tls, String token, Duration timeout, RetryPolicy retry) {
    this.timeout = timeout;
    this.retry = retry;
    // It has no bound, so a caller's code that blocks in one of its threads holds up nobody else.
    // Neither is ever shut down, as calls still end in them after close(): idle threads end.
    executor = Executors.newCachedThreadPool(daemons("edunn-client"));
    timer = new ScheduledThreadPoolExecutor(1, daemons("edunn-client-timer"));
    timer.setRemoveOnCancelPolicy(true);
    timer.setKeepAliveTime(10, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    channel = Channels.open(address, tls, token, executor);
  }

  Duration timeout() {
    return timeout;
  }

  /** Where callers' code and a stream's writing may run. */
  ExecutorService executor() {
    return executor;
  }

  /** For what happens later. Its one thread must not be held up. */
  ScheduledThreadPoolExecutor timer() {
    return timer;
  }

  /** Makes a call and waits for its result; null for `wanted` is the client's timeout. */
  <Q, A, R> R run(Call<Q, A, R> call, Duration wanted) {
    Attempts attempts = attempts(call, wanted);
    CallOptions options = CallOptions.DEFAULT.withDeadline(attempts.deadline());
    while (true) {
      checkOpen();
      try {
        A answer = ClientCalls.blockingUnaryCall(channel, call.method(), options, call.request());
        return call.decode().apply(answer);
      } catch (StatusRuntimeException failure) {
        EdunnException error = failed(ServiceStatus.exception(failure));
        sleep(attempts.pauseAfter(error).orElseThrow(() -> error));
      }
    }
  }

  /** Makes a call; cancelling the future cancels it. */
  <Q, A, R> CompletableFuture<R> runAsync(Call<Q, A, R> call, Duration wanted) {
    return new AsyncCall<>(this, call, attempts(call, wanted)).start();
  }

  <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
    checkOpen();
    return channel.newCall(method, options);
  }

  /** Returns the error of a call that failed with another, and prepares its repetition. */
  EdunnException failed(EdunnException error) {
    if (closed) {
      return new EdunnException(
          ServiceStatus.of(Status.Code.CANCELLED, "the client was closed"), error);
    }
    if (error.code() == Status.Code.UNAVAILABLE) {
      // By default a lost connection is made anew after a second, and ever later up to two
      // minutes. Until then every call fails at once, so a repetition would come to nothing.
      channel.resetConnectBackoff();
    }
    return error;
  }

  /** Ends the calls under way and closes the channel. */
  @Override
  public void close() {
    closed = true;
    channel.shutdownNow();
  }

  private Attempts attempts(Call<?, ?, ?> call, Duration wanted) {
    return new Attempts(retry, wanted == null ? timeout : wanted, call.repeatable());
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the client has been closed");
    }
  }

  private static void sleep(Duration pause) {
    try {
      Thread.sleep(pause.toMillis(), pause.toNanosPart() % 1_000_000);
    } catch (InterruptedException interrupted) {
      throw interrupted(interrupted);
    }
  }

  /**
   * Returns the error of a call whose thread was interrupted, and leaves the thread interrupted.
   */
  static EdunnException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new EdunnException(
        ServiceStatus.of(Status.Code.CANCELLED, "the thread was interrupted"), cause);
  }

  private static ThreadFactory daemons(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
