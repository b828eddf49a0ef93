package org.edunn.client;

import io.grpc.ClientCall;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
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
  private final ArrayDeque<ComputeOperation> outbox = new ArrayDeque<>();
  // Whether a thread is in write() or about to be. A call takes messages of one thread at a time.
  private boolean writing;
  private boolean ending;
  private boolean halfClosed;
  private boolean ended;
  // Null until there is one.
  private @Nullable ClientCall<ComputeRequest, ?> call;

  StreamWriter(Executor executor) {
    this.executor = executor;
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
    if (!ended && !outbox.isEmpty() && call.isReady()) {
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
    ComputeRequest.Builder request = ComputeRequest.newBuilder();
    long bytes = 0;
    do {
      ComputeOperation operation = outbox.remove();
      request.addOperations(operation);
      bytes += operation.getSerializedSize();
    } while (!outbox.isEmpty()
        && request.getOperationsCount() < MESSAGE_OPERATIONS
        && bytes + outbox.element().getSerializedSize() <= MESSAGE_BYTES);
    return request.build();
  }

  private record Sending(ClientCall<ComputeRequest, ?> call, ComputeRequest request) {}
}
