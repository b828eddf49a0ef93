package org.edunn.client;

import io.grpc.ClientCall;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.ComputeRequest;
import org.jspecify.annotations.Nullable;

/**
 * Sends a stream's operations in order. Whatever waits when the connection takes a message travels
 * together; nothing waits for company.
 */
final class StreamWriter {
  // Operations travel together up to these limits.
  private static final int MESSAGE_OPERATIONS = 256;
  private static final int MESSAGE_BYTES = 4 * 1024 * 1024;

  private final Executor executor;
  private final Consumer<String> sent;
  private final ArrayDeque<ComputeOperation> outbox = new ArrayDeque<>();
  private final List<String> cancelled = new ArrayList<>();
  // Whether a thread is in write() or about to be. A call takes messages of one thread at a time.
  private boolean writing;
  private boolean ending;
  private boolean halfClosed;
  private boolean ended;
  // Null until there is one.
  private @Nullable ClientCall<ComputeRequest, ?> call;

  /** Tells `sent` the id of each operation that is about to leave; it is called with a lock. */
  StreamWriter(Executor executor, Consumer<String> sent) {
    this.executor = executor;
    this.sent = sent;
  }

  /** Takes this call from now on. The one before has taken nothing. */
  synchronized void writeTo(ClientCall<ComputeRequest, ?> opened) {
    call = opened;
    halfClosed = false;
    wake();
  }

  synchronized void send(ComputeOperation operation) {
    outbox.add(operation);
    wake();
  }

  /** Says that nobody awaits an operation any more; returns whether it was not sent at all. */
  synchronized boolean cancel(String requestId) {
    if (outbox.removeIf(operation -> operation.getRequestId().equals(requestId))) {
      return true;
    }
    cancelled.add(requestId);
    wake();
    return false;
  }

  /** Ends the sending once everything is sent. */
  synchronized void end() {
    ending = true;
    wake();
  }

  /** Goes on after the connection was too busy to take another message. */
  synchronized void ready() {
    wake();
  }

  /** Forgets what has not been sent; the call has ended. */
  synchronized void abandon() {
    outbox.clear();
    ended = true;
  }

  private void wake() {
    if (!writing && !ended && call != null) {
      writing = true;
      // Not in the caller's thread: while this one starts and writes, more operations gather.
      executor.execute(this::write);
    }
  }

  private void write() {
    try {
      Sending sending = next();
      while (sending != null) {
        sending.call().sendMessage(sending.request());
        sending = next();
      }
    } catch (IllegalStateException unsent) {
      // gRPC takes nothing more of a call that another thread has cancelled meanwhile.
      if (!hasEnded()) {
        throw unsent;
      }
    }
  }

  private synchronized boolean hasEnded() {
    return ended;
  }

  /** Returns what to send now; null, and nobody is writing any more, if there is nothing. */
  private synchronized @Nullable Sending next() {
    if (!ended && !(outbox.isEmpty() && cancelled.isEmpty()) && call.isReady()) {
      return new Sending(call, together());
    }
    if (!ended && ending && outbox.isEmpty() && !halfClosed) {
      halfClosed = true;
      call.halfClose();
    }
    writing = false;
    return null;
  }

  private ComputeRequest together() {
    ComputeRequest.Builder request =
        ComputeRequest.newBuilder().addAllCancelledRequestIds(cancelled);
    cancelled.clear();
    long bytes = 0;
    while (!outbox.isEmpty()
        && request.getOperationsCount() < MESSAGE_OPERATIONS
        && (bytes == 0 || bytes + outbox.element().getSerializedSize() <= MESSAGE_BYTES)) {
      ComputeOperation operation = outbox.remove();
      request.addOperations(operation);
      bytes += operation.getSerializedSize();
      sent.accept(operation.getRequestId());
    }
    return request.build();
  }

  private record Sending(ClientCall<ComputeRequest, ?> call, ComputeRequest request) {}
}
