package org.edunn.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;

/** A request that goes in parts, and the wait for its one answer. */
final class Upload<Q, A> implements ClientResponseObserver<Q, A> {
  private final CompletableFuture<A> answer = new CompletableFuture<>();
  // Has a permit when something may have changed: there is room, or the answer has come.
  private final Semaphore changed = new Semaphore(0);

  private Upload() {}

  /** Sends the parts as fast as they are taken, and returns the answer. */
  static <Q, A> A send(
      Channel channel, MethodDescriptor<Q, A> method, CallOptions how, Iterator<Q> parts) {
    Upload<Q, A> upload = new Upload<>();
    ClientCallStreamObserver<Q> requests =
        (ClientCallStreamObserver<Q>)
            ClientCalls.asyncClientStreamingCall(channel.newCall(method, how), upload);
    try {
      while (parts.hasNext() && upload.waitForRoom(requests)) {
        requests.onNext(parts.next());
      }
      if (!upload.answer.isDone()) {
        requests.onCompleted();
      }
      return upload.answer.get();
    } catch (InterruptedException interrupted) {
      requests.cancel("interrupted", interrupted);
      throw Connection.interrupted(interrupted);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof StatusRuntimeException status) {
        throw status;
      }
      throw new IllegalStateException(failed.getCause());
    }
  }

  /** Returns whether more is wanted, once that is known. */
  private boolean waitForRoom(ClientCallStreamObserver<Q> requests) throws InterruptedException {
    while (!answer.isDone() && !requests.isReady()) {
      changed.acquire();
    }
    return !answer.isDone();
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<Q> requests) {
    requests.setOnReadyHandler(changed::release);
  }

  @Override
  public void onNext(A response) {
    answer.complete(response);
    changed.release();
  }

  @Override
  public void onError(Throwable failure) {
    answer.completeExceptionally(failure);
    changed.release();
  }

  @Override
  public void onCompleted() {
    answer.completeExceptionally(
        Status.INTERNAL.withDescription("there was no answer").asRuntimeException());
    changed.release();
  }
}
