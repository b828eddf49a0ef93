package org.edunn.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.edunn.serving.v1.ComputeRequest;
import org.edunn.serving.v1.ComputeResponse;
import org.edunn.serving.v1.ComputeResult;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.jspecify.annotations.Nullable;

/** A Compute stream of a real service. */
final class RemoteStream implements ComputeStream {
  private final Connection connection;
  private final int inFlight;
  private final CallSettings settings;
  private final Attempts attempts;
  private final StreamWriter writer;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final CountDownLatch over = new CountDownLatch(1);
  // By request id, in the order sent. This and what follows belongs to whoever has the lock.
  private final Map<String, Waiting<?>> waiting = new LinkedHashMap<>();
  private long submitted;
  private long lastProgressNanos = System.nanoTime();
  private boolean closing;
  private @Nullable EdunnException ended;
  private @Nullable Thread reader;
  private ClientCall<ComputeRequest, ComputeResponse> call;

  private RemoteStream(Connection connection, int inFlight, CallSettings settings) {
    this.connection = connection;
    this.inFlight = inFlight;
    this.settings = settings;
    attempts = new Attempts(connection.retry(), settings.deadline(), false);
    writer = new StreamWriter(connection.executor(), requestId -> {});
  }

  static ComputeStream open(Connection connection, int inFlight, CallSettings settings) {
    RemoteStream stream = new RemoteStream(connection, inFlight, settings);
    stream.attempt();
    if (!Durations.isEndless(settings.timeout())) {
      stream.watchLater(settings.timeout().toNanos());
    }
    return stream;
  }

  @Override
  public <R> CompletableFuture<R> submit(Operation<R> operation) {
    RemoteLayer layer = RemoteLayer.of(Objects.requireNonNull(operation, "operation"));
    lock.lock();
    try {
      waitForRoom();
      checkOpen();
      Begun<R> begun = operation.begin(layer);
      String requestId = Long.toString(++submitted);
      Waiting<R> entry = new Waiting<>(new CompletableFuture<>(), begun);
      if (waiting.isEmpty()) {
        lastProgressNanos = System.nanoTime();
      }
      waiting.put(requestId, entry);
      operation.timeout().ifPresent(limit -> begun.message().setTimeout(Durations.toWire(limit)));
      writer.send(begun.message().setRequestId(requestId).build());
      entry.future().whenComplete((value, error) -> cancelIfNobodyWaits(requestId));
      return entry.future();
    } catch (FailedPreconditionException nothingToGoBackThrough) {
      return CompletableFuture.failedFuture(nothingToGoBackThrough);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      room.signalAll();
      if (Thread.currentThread() == reader) {
        writer.end();
        return;
      }
    } finally {
      lock.unlock();
    }
    writer.end();
    try {
      over.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      cancel();
    }
  }

  @Override
  public void cancel() {
    EdunnException cancelled = new CancelledException("the stream was cancelled", null);
    for (Waiting<?> entry : end(cancelled)) {
      entry.future().cancel(false);
    }
    current().cancel("the stream was cancelled", null);
  }

  /** Returns how many operations are under way. */
  @Override
  public String toString() {
    lock.lock();
    try {
      return "stream to %s, %d under way".formatted(connection.address(), waiting.size());
    } finally {
      lock.unlock();
    }
  }

  /** Opens the call that the stream is. */
  private void attempt() {
    Attempts.Sent sent = new Attempts.Sent();
    CallOptions options = connection.streamOptions(settings, sent);
    ClientCall<ComputeRequest, ComputeResponse> opened =
        connection.newCall(LayerServiceGrpc.getComputeMethod(), settings, options);
    boolean wanted;
    lock.lock();
    try {
      call = opened;
      wanted = ended == null;
    } finally {
      lock.unlock();
    }
    opened.start(new Listener(opened, sent), new Metadata());
    opened.request(1);
    if (wanted) {
      writer.writeTo(opened);
    } else {
      opened.cancel("the stream has ended", null);
    }
  }

  private void attemptAgain() {
    try {
      attempt();
    } catch (IllegalStateException closed) {
      fail(new CancelledException("the client was closed", closed));
    }
  }

  private ClientCall<ComputeRequest, ComputeResponse> current() {
    lock.lock();
    try {
      return call;
    } finally {
      lock.unlock();
    }
  }

  /** Tells the service of an operation whose future was completed by somebody else. */
  private void cancelIfNobodyWaits(String requestId) {
    lock.lock();
    try {
      // What is answered, or has ended with the stream, is no longer among them. What is sent stays
      // until the service has answered it.
      if (waiting.containsKey(requestId) && writer.cancel(requestId)) {
        waiting.remove(requestId);
        room.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  private void waitForRoom() {
    try {
      while (waiting.size() >= inFlight
          && !closing
          && ended == null
          && Thread.currentThread() != reader) {
        room.await();
      }
    } catch (InterruptedException interrupted) {
      throw Connection.interrupted(interrupted);
    }
  }

  private void checkOpen() {
    if (closing) {
      throw new IllegalStateException("the stream has been closed");
    }
    if (ended != null) {
      throw ended;
    }
  }

  private void settle(ComputeResult result) {
    Waiting<?> entry;
    lock.lock();
    try {
      lastProgressNanos = System.nanoTime();
      entry = waiting.remove(result.getRequestId());
      room.signal();
    } finally {
      lock.unlock();
    }
    if (entry != null) {
      entry.settle(result);
    }
  }

  /** Ends the stream, if it has not ended, and returns what was left without an answer. */
  private List<Waiting<?>> end(EdunnException why) {
    lock.lock();
    try {
      if (ended == null) {
        ended = why;
      }
      List<Waiting<?>> left = new ArrayList<>(waiting.values());
      waiting.clear();
      writer.abandon();
      room.signalAll();
      over.countDown();
      return left;
    } finally {
      lock.unlock();
    }
  }

  private void fail(EdunnException why) {
    for (Waiting<?> entry : end(why)) {
      entry.future().completeExceptionally(why);
    }
  }

  private void watchLater(long nanos) {
    connection
        .timer()
        .schedule(() -> connection.executor().execute(this::watch), nanos, TimeUnit.NANOSECONDS);
  }

  /** Gives the stream up if operations have waited for the timeout without a single answer. */
  private void watch() {
    long limit = settings.timeout().toNanos();
    long left;
    lock.lock();
    try {
      if (ended != null) {
        return;
      }
      left = waiting.isEmpty() ? limit : limit - (System.nanoTime() - lastProgressNanos);
    } finally {
      lock.unlock();
    }
    if (left > 0) {
      watchLater(left);
      return;
    }
    fail(
        new DeadlineExceededException(
            "no operation of the stream was answered for "
                + settings.timeout().toMillis()
                + " ms"));
    current().cancel("no answer came", null);
  }

  /** An operation under way. */
  private record Waiting<R>(CompletableFuture<R> future, Begun<R> begun) {
    void settle(ComputeResult result) {
      try {
        switch (result.getResultCase()) {
          case FORWARD, BACKWARD, STEP, TRAIN_STEP -> future.complete(begun.decode().apply(result));
          case ERROR -> future.completeExceptionally(ServiceStatus.exception(result.getError()));
          case RESULT_NOT_SET -> throw new InternalException("the service sent an empty result");
        }
      } catch (RuntimeException unreadable) {
        future.completeExceptionally(unreadable);
      }
    }
  }

  private final class Listener extends ClientCall.Listener<ComputeResponse> {
    private final ClientCall<ComputeRequest, ComputeResponse> listened;
    private final Attempts.Sent sent;

    Listener(ClientCall<ComputeRequest, ComputeResponse> listened, Attempts.Sent sent) {
      this.listened = listened;
      this.sent = sent;
    }

    @Override
    public void onReady() {
      writer.ready();
    }

    @Override
    public void onMessage(ComputeResponse response) {
      nowReading(Thread.currentThread());
      try {
        response.getResultsList().forEach(RemoteStream.this::settle);
      } finally {
        nowReading(null);
      }
      listened.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (status.isOk()) {
        fail(new UnavailableException("the stream ended before the answer came", null));
        return;
      }
      Failure failure =
          connection.failed(status.asRuntimeException(trailers), settings, sent.left());
      Optional<Duration> pause = attempts.pauseAfter(failure);
      if (pause.isEmpty() || isOver()) {
        fail(failure.error());
        return;
      }
      Log.retry("Compute", failure.error(), pause.get());
      connection
          .timer()
          .schedule(
              () -> connection.executor().execute(RemoteStream.this::attemptAgain),
              pause.get().toNanos(),
              TimeUnit.NANOSECONDS);
    }

    /** Whether nobody waits for anything any more. */
    private boolean isOver() {
      lock.lock();
      try {
        return ended != null || (closing && waiting.isEmpty());
      } finally {
        lock.unlock();
      }
    }

    private void nowReading(Thread thread) {
      lock.lock();
      try {
        reader = thread;
      } finally {
        lock.unlock();
      }
    }
  }
}
