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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.edunn.serving.v1.ComputeRequest;
import org.edunn.serving.v1.ComputeResponse;
import org.edunn.serving.v1.ComputeResult;
import org.edunn.serving.v1.LayerServiceGrpc;

/**
 * A stream of operations that are sent without waiting for answers, made by {@link
 * Client#newStream}. Threads may share it.
 *
 * <p>Operations of one session take effect in the order in which they are submitted, and a backward
 * may be submitted before its forward is answered. An error is its own operation's and the stream
 * goes on. If the connection breaks, every operation without an answer fails with {@link
 * UnavailableException}; nothing is made again, as the order would be lost.
 *
 * <p>What depends on a future without an executor of its own (as {@code thenApply} does) runs in
 * the stream's reading thread: it may submit more, but while it blocks no answer comes.
 */
public final class ComputeStream implements AutoCloseable {
  private final Connection connection;
  private final int inFlight;
  private final Duration timeout;
  private final ClientCall<ComputeRequest, ComputeResponse> call;
  private final StreamWriter writer;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final CountDownLatch over = new CountDownLatch(1);
  // By request id, in the order sent. This and what follows belongs to whoever has the lock.
  private final Map<String, Waiting<?>> waiting = new LinkedHashMap<>();
  private long submitted;
  private long lastProgressNanos = System.nanoTime();
  private boolean closing;
  private EdunnException ended;
  private Thread reader;

  private ComputeStream(Connection connection, int inFlight, Duration timeout) {
    this.connection = connection;
    this.inFlight = inFlight;
    this.timeout = timeout;
    call = connection.newCall(LayerServiceGrpc.getComputeMethod(), CallOptions.DEFAULT);
    writer = new StreamWriter(call, connection.executor());
  }

  static ComputeStream open(Connection connection, int inFlight, Duration timeout) {
    ComputeStream stream = new ComputeStream(connection, inFlight, timeout);
    stream.call.start(stream.new Listener(), new Metadata());
    stream.call.request(1);
    stream.watchLater(TimeUnit.NANOSECONDS.convert(timeout));
    return stream;
  }

  /**
   * Sends an operation. While as many are under way as may be, this waits for room (but not in the
   * reading thread, where room could never come).
   *
   * @param operation a {@link Forward} or {@link Backward}
   * @param <R> what it results in
   * @return the result to come. Cancelling it drops the answer; the operation still takes effect
   * @throws IllegalStateException if the stream has been closed
   * @throws EdunnException if the stream has broken, or the thread is interrupted while it waits
   */
  public <R> CompletableFuture<R> submit(Operation<R> operation) {
    lock.lock();
    try {
      waitForRoom();
      checkOpen();
      Begun<R> begun = operation.begin();
      String requestId = Long.toString(++submitted);
      Waiting<R> entry = new Waiting<>(new CompletableFuture<>(), begun);
      if (waiting.isEmpty()) {
        lastProgressNanos = System.nanoTime();
      }
      waiting.put(requestId, entry);
      writer.send(begun.message().setRequestId(requestId).build());
      return entry.future();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends what {@link Layer#forward} would.
   *
   * @param layer the layer
   * @param inputs one tensor for a layer; {@code y_true} and {@code y} for a loss
   * @return the output to come
   */
  public CompletableFuture<Output> forward(Layer layer, Tensor... inputs) {
    return submit(Forward.of(layer, inputs));
  }

  /**
   * Sends what {@link Layer#backward} would, through the layer's latest forward at this moment.
   *
   * @param layer the layer
   * @param outputGradient the gradient with respect to the forward's output
   * @return the gradients to come
   */
  public CompletableFuture<Gradients> backward(Layer layer, Tensor outputGradient) {
    return submit(Backward.of(layer, outputGradient));
  }

  /** Waits for all answers and ends the stream. Interrupting the thread cancels it instead. */
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

  /** Ends the stream at once; futures without an answer are cancelled. */
  public void cancel() {
    EdunnException cancelled =
        new EdunnException(
            ServiceStatus.of(Status.Code.CANCELLED, "the stream was cancelled"), null);
    for (Waiting<?> entry : end(cancelled)) {
      entry.future().cancel(false);
    }
    call.cancel("the stream was cancelled", null);
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
    long limit = TimeUnit.NANOSECONDS.convert(timeout);
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
            "no operation of the stream was answered for " + timeout.toMillis() + " ms"));
    call.cancel("no answer came", null);
  }

  /** An operation under way. */
  private record Waiting<R>(CompletableFuture<R> future, Begun<R> begun) {
    void settle(ComputeResult result) {
      try {
        switch (result.getResultCase()) {
          case FORWARD, BACKWARD -> future.complete(begun.decode().apply(result));
          case ERROR -> future.completeExceptionally(ServiceStatus.exception(result.getError()));
          case RESULT_NOT_SET -> throw new InternalException("the service sent an empty result");
        }
      } catch (RuntimeException unreadable) {
        future.completeExceptionally(unreadable);
      }
    }
  }

  private final class Listener extends ClientCall.Listener<ComputeResponse> {
    @Override
    public void onReady() {
      writer.ready();
    }

    @Override
    public void onMessage(ComputeResponse response) {
      nowReading(Thread.currentThread());
      try {
        response.getResultsList().forEach(ComputeStream.this::settle);
      } finally {
        nowReading(null);
      }
      call.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (status.isOk()) {
        fail(new UnavailableException("the stream ended before the answer came"));
      } else {
        fail(connection.failed(ServiceStatus.exception(status, trailers)));
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
