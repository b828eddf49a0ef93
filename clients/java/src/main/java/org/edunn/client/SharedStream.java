package org.edunn.client;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.edunn.serving.v1.ComputeRequest;
import org.edunn.serving.v1.ComputeResponse;
import org.edunn.serving.v1.ComputeResult;

/** One Compute stream that carries the operations of many calls, from its opening to its end. */
final class SharedStream {
  private final SharedStreamChannel channel;
  private final ClientCall<ComputeRequest, ComputeResponse> call;
  private final StreamWriter writer;
  // Looked up without the lock too: the writer, which has one of its own, tells what it sends.
  private final Map<String, SharedCall<?, ?>> underWay = new ConcurrentHashMap<>();
  private final Object lock = new Object();
  // What follows belongs to whoever has the lock.
  private long submitted;
  private boolean answered;
  private boolean ended;

  SharedStream(
      SharedStreamChannel channel,
      Executor executor,
      ClientCall<ComputeRequest, ComputeResponse> call) {
    this.channel = channel;
    this.call = call;
    writer = new StreamWriter(executor, this::sent);
  }

  void start() {
    call.start(new Listener(), new Metadata());
    call.request(1);
    writer.writeTo(call);
  }

  /** Sends a call's operation; does nothing and returns false if the stream has ended. */
  boolean submit(SharedCall<?, ?> shared) {
    synchronized (lock) {
      if (ended) {
        return false;
      }
      String requestId = Long.toString(++submitted);
      underWay.put(requestId, shared);
      shared.travels(this, requestId);
      // Within the lock, so that what is submitted first is sent first.
      writer.send(shared.operation(requestId));
      return true;
    }
  }

  /** Says that nobody awaits an operation any more. */
  void forget(String requestId) {
    synchronized (lock) {
      if (underWay.remove(requestId) == null || ended) {
        return;
      }
    }
    writer.cancel(requestId);
  }

  private void sent(String requestId) {
    SharedCall<?, ?> shared = underWay.get(requestId);
    if (shared != null) {
      shared.sent();
    }
  }

  private void settle(ComputeResult result) {
    SharedCall<?, ?> shared;
    synchronized (lock) {
      answered = true;
      shared = underWay.remove(result.getRequestId());
    }
    if (shared != null) {
      shared.settle(result);
    }
  }

  private void end(Status status, Metadata trailers) {
    List<SharedCall<?, ?>> left;
    boolean refused;
    synchronized (lock) {
      ended = true;
      left = new ArrayList<>(underWay.values());
      underWay.clear();
      refused = channel.hasEnded(this, status, answered);
    }
    writer.abandon();
    for (SharedCall<?, ?> shared : left) {
      if (refused) {
        shared.goByItself();
      } else {
        shared.end(status, trailers);
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
      response.getResultsList().forEach(SharedStream.this::settle);
      call.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      Status why =
          status.isOk()
              ? Status.UNAVAILABLE.withDescription("the stream ended before the answer came")
              : status;
      end(why, trailers);
    }
  }
}
