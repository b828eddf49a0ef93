package org.edunn.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicBoolean;

/** A client's channel, and the carrying out of its calls with deadlines and repetitions. */
final class Connection implements AutoCloseable {
  private final String address;
  private final CallSettings settings;
  private final RetryPolicy retry;
  private final Duration slowCall;
  private final CallOptions credentials;
  private final Optional<Diagnosis> diagnosis;
  private final ExecutorService executor = Threads.cached("edunn-client");
  private final ScheduledThreadPoolExecutor timer = Threads.timer("edunn-client-timer");
  private final Channel channel;
  // Neither is there for a channel of the caller's that is not managed; only its own is shut down.
  private final Optional<ManagedChannel> managed;
  private final boolean own;
  private final AtomicBoolean connected = new AtomicBoolean();
  private volatile boolean everConnected;
  private volatile boolean everLost;
  private volatile boolean failing;
  private volatile boolean closed;

  Connection(ClientBuilder wanted) {
    settings = wanted.settings();
    retry = wanted.retry();
    slowCall = wanted.slowCall();
    credentials =
        wanted
            .token()
            .map(token -> CallOptions.DEFAULT.withCallCredentials(new BearerToken(token)))
            .orElse(CallOptions.DEFAULT);
    own = wanted.channel().isEmpty();
    Channel bare = wanted.channel().orElse(null);
    if (bare == null) {
      Target target = wanted.target();
      address = target.toString();
      diagnosis = Optional.of(new Diagnosis(target, wanted.tls().isPresent()));
      if (wanted.token().isPresent() && wanted.tls().isEmpty() && !target.isLoopback()) {
        Log.tokenInTheClear(address);
      }
      ManagedChannel made = Channels.open(target, wanted, executor);
      managed = Optional.of(made);
      watch(made, ConnectivityState.IDLE);
      bare = made;
    } else {
      address = bare.authority();
      diagnosis = Optional.empty();
      managed =
          Optional.of(bare)
              .filter(ManagedChannel.class::isInstance)
              .map(ManagedChannel.class::cast);
    }
    Channel intercepted = ClientInterceptors.intercept(bare, wanted.interceptors());
    channel =
        wanted.sharesStream()
            ? new SharedStreamChannel(withHeaders(intercepted, settings.headers()), this)
            : intercepted;
  }

  String address() {
    return address;
  }

  /** What holds for every call that says nothing else. */
  CallSettings settings() {
    return settings;
  }

  RetryPolicy retry() {
    return retry;
  }

  /** Where callers' code and a stream's writing may run. */
  ExecutorService executor() {
    return executor;
  }

  /** For what happens later. Its one thread must not be held up. */
  ScheduledThreadPoolExecutor timer() {
    return timer;
  }

  /** Whether the latest call that ended found nobody to answer it. */
  boolean isFailing() {
    return failing;
  }

  /** Makes a call and waits for its result. */
  <Q, A, R> R run(Call<Q, A, R> call, CallOption... options) {
    return run(call, settings.with(options), retry);
  }

  <Q, A, R> R run(Call<Q, A, R> call, CallSettings how, RetryPolicy policy) {
    Exchange<R> unary =
        (channel, options) ->
            call.decode()
                .apply(
                    ClientCalls.blockingUnaryCall(channel, call.method(), options, call.request()));
    return run(call, how, policy, unary);
  }

  /** Makes a call whose request or answer comes in parts, and waits for its result. */
  <R> R transfer(Call<?, ?, R> call, Exchange<R> exchange, CallOption... options) {
    return run(call, settings.with(options), retry, exchange);
  }

  /** One attempt at a call, from its start to its result. */
  interface Exchange<R> {
    R make(Channel channel, CallOptions options);
  }

  /** Begins a call whose answer comes in parts, for as long as they come. */
  <Q, A> Iterator<A> receive(Call<Q, A, ?> call, Attempts.Sent sent) {
    checkOpen();
    return ClientCalls.blockingServerStreamingCall(
        channel(settings), call.method(), streamOptions(settings, sent), call.request());
  }

  /** Returns the attempts at a repeatable call that begins now. */
  Attempts attempts() {
    return new Attempts(retry, settings.deadline(), true);
  }

  /** Waits before the next attempt, or throws the call's error. */
  void pause(Call<?, ?, ?> call, Attempts attempts, Failure failed) {
    sleep(next(call, attempts, failed).orElseThrow(failed::error));
  }

  private <R> R run(
      Call<?, ?, R> call, CallSettings how, RetryPolicy policy, Exchange<R> exchange) {
    Attempts attempts = new Attempts(policy, how.deadline(), call.repeatable());
    long began = System.nanoTime();
    while (true) {
      checkOpen();
      Attempts.Sent sent = new Attempts.Sent();
      try {
        R result = exchange.make(channel(how), callOptions(attempts, how, sent));
        succeeded(call, began, attempts);
        return result;
      } catch (StatusRuntimeException failure) {
        Failure failed = failed(failure, how, sent.left());
        Optional<R> arrived = arrived(call, attempts, failed);
        if (arrived.isPresent()) {
          return arrived.get();
        }
        pause(call, attempts, failed);
      }
    }
  }

  /** Makes a call; cancelling the future cancels it. */
  <Q, A, R> CompletableFuture<R> runAsync(Call<Q, A, R> call, CallOption... options) {
    CallSettings how = settings.with(options);
    return new AsyncCall<>(this, call, how, new Attempts(retry, how.deadline(), call.repeatable()))
        .start();
  }

  <Q, A> ClientCall<Q, A> newCall(
      MethodDescriptor<Q, A> method, CallSettings how, CallOptions options) {
    checkOpen();
    return channel(how).newCall(method, options);
  }

  CallOptions callOptions(Attempts attempts, CallSettings how, Attempts.Sent sent) {
    return attempts.options(how.compression(credentials), sent);
  }

  /** Returns the options of the stream that calls share. */
  CallOptions streamOptions() {
    return settings.compression(credentials);
  }

  /** Returns the options of a stream, which lives for as long as it is used. */
  CallOptions streamOptions(CallSettings how, Attempts.Sent sent) {
    return how.compression(credentials).withStreamTracerFactory(sent);
  }

  /** Returns what the failure of an attempt means, and prepares its repetition. */
  Failure failed(StatusRuntimeException failure, CallSettings how, boolean sent) {
    everConnected |= sent;
    if (closed) {
      return new Failure(new CancelledException("the client was closed", failure), sent, true);
    }
    Status status = failure.getStatus();
    Optional<String> mistake =
        sent || diagnosis.isEmpty()
            ? Optional.empty()
            : diagnosis.get().mistake(status, everConnected);
    EdunnException error =
        mistake
            .<EdunnException>map(sentence -> new UnavailableException(sentence, status.getCause()))
            .orElseGet(() -> error(failure, how, sent));
    failing = isAway(error.code());
    if (error.code() == Status.Code.UNAVAILABLE) {
      // By default a lost connection is made anew after a second, and ever later up to two
      // minutes. Until then every call fails at once, so a repetition would come to nothing.
      managed.ifPresent(ManagedChannel::resetConnectBackoff);
    }
    return new Failure(error, sent, mistake.isPresent());
  }

  /** Returns the pause before the next attempt; nothing where this failure is the call's. */
  Optional<Duration> next(Call<?, ?, ?> call, Attempts attempts, Failure failed) {
    Optional<Duration> pause = attempts.pauseAfter(failed);
    pause.ifPresent(time -> Log.retry(call.name(), failed.error(), time));
    return pause;
  }

  /** Returns the result of a creation that an earlier attempt without an answer has made. */
  <R> Optional<R> arrived(Call<?, ?, R> call, Attempts attempts, Failure failed) {
    return attempts.mayHaveArrived() && failed.error() instanceof AlreadyExistsException
        ? call.arrived().get()
        : Optional.empty();
  }

  void succeeded(Call<?, ?, ?> call, long beganNanos, Attempts attempts) {
    if (!everConnected) {
      everConnected = true;
      // The channel may be lost again before it could tell that it was there.
      connected.set(true);
    }
    failing = false;
    Duration took = Duration.ofNanos(System.nanoTime() - beganNanos);
    if (took.compareTo(slowCall) >= 0) {
      Log.slow(call.name(), took, attempts.failures() + 1);
    }
  }

  /** Ends the calls under way and, if it is the client's own, closes the channel. */
  @Override
  public void close() {
    closed = true;
    if (own) {
      managed.ifPresent(ManagedChannel::shutdownNow);
    }
  }

  private EdunnException error(StatusRuntimeException failure, CallSettings how, boolean sent) {
    if (failure.getCause() instanceof InterruptedException) {
      return new CancelledException("the thread was interrupted", failure.getCause());
    }
    if (!sent && failure.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED) {
      return new DeadlineExceededException(
          "there was no connection to %s within %s ms"
              .formatted(address, how.timeout().toMillis()));
    }
    return ServiceStatus.exception(failure);
  }

  private Channel channel(CallSettings how) {
    // The shared stream has the client's headers already.
    long had = channel instanceof SharedStreamChannel ? settings.headers().size() : 0;
    return withHeaders(channel, how.headers().stream().skip(had).toList());
  }

  private static Channel withHeaders(Channel channel, List<Header> headers) {
    if (headers.isEmpty()) {
      return channel;
    }
    Metadata metadata = new Metadata();
    headers.forEach(header -> header.putInto(metadata));
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the client has been closed");
    }
  }

  /** Logs when the connection is lost and when it is back. */
  private void watch(ManagedChannel made, ConnectivityState now) {
    made.notifyWhenStateChanged(
        now,
        () -> {
          ConnectivityState next = made.getState(false);
          if (next == ConnectivityState.READY) {
            if (!connected.getAndSet(true) && everLost) {
              Log.connectedAgain(address);
            }
          } else if (connected.getAndSet(false) && !closed) {
            everLost = true;
            Log.connectionLost(address);
          }
          if (next != ConnectivityState.SHUTDOWN) {
            watch(made, next);
          }
        });
  }

  private static boolean isAway(Status.Code code) {
    return code == Status.Code.UNAVAILABLE
        || code == Status.Code.DEADLINE_EXCEEDED
        || code == Status.Code.CANCELLED;
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
  static CancelledException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new CancelledException("the thread was interrupted", cause);
  }
}
