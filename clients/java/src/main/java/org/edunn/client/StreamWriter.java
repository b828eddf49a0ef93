package org.edunn.client;

import io.grpc.ClientCall;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.ComputeRequest;

/**
 * Sends a stream's operations in order. Whatever waits when the connection takes a message travels
 * together; nothing waits for company.
 */
final class StreamWriter {
  // Operations travel together up to these limits.
  private static final int MESSAGE_OPERATIONS = 256;
  private static final int MESSAGE_BYTES = 4 * 1024 * 1024;

  private final ClientCall<ComputeRequest, ?> call;
  private final Executor executor;
  private final ArrayDeque<ComputeOperation> outbox = new ArrayDeque<>();
  // Whether a thread is in write() or about to be. A call takes messages of one thread at a time.
  private boolean writing;
  private boolean ending;
  private boolean ended;

  StreamWriter(ClientCall<ComputeRequest, ?> call, Executor executor) {
    this.call = call;
    this.executor = executor;
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
    if (!writing && !ended) {
      writing = true;
      // Not in the caller's thread: while this one starts and writes, more operations gather.
      executor.execute(this::write);
    }
  }

  private void write() {
    try {
      ComputeRequest request = next();
      while (request != null) {
        call.sendMessage(request);
        request = next();
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
  private synchronized ComputeRequest next() {
    if (!ended && !outbox.isEmpty() && call.isReady()) {
      return together();
    }
    if (!ended && ending && outbox.isEmpty()) {
      ended = true;
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
}
