package org.edunn.client;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.edunn.serving.v1.BackwardRequest;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.ComputeResult;
import org.edunn.serving.v1.ForwardRequest;
import org.edunn.serving.v1.StepRequest;
import org.edunn.serving.v1.TrainStepRequest;
import org.jspecify.annotations.Nullable;

/**
 * A unary call that is an operation of a {@link SharedStream}. To its caller it is a call as any
 * other, with a deadline, cancellation, tracers and a status.
 */
final class SharedCall<Q, A> extends ClientCall<Q, A> {
  // What is larger would hold up the others.
  private static final int LARGEST_SHARED = 4 * 1024 * 1024;

  private final SharedStreamChannel channel;
  private final Connection connection;
  private final MethodDescriptor<Q, A> method;
  private final CallOptions options;
  private final Executor executor;
  private final Context context = Context.current();
  private final Context.CancellationListener contextEnded =
      ended -> cancel(Contexts.statusFromCancelled(ended));
  private final Metadata headers = new Metadata();
  // What follows belongs to whoever has the lock of this object.
  private @Nullable Listener<A> listener;
  private @Nullable Q request;
  private @Nullable ClientCall<Q, A> own;
  private @Nullable SharedStream stream;
  private @Nullable String requestId;
  private @Nullable ScheduledFuture<?> alarm;
  private boolean over;

  SharedCall(
      SharedStreamChannel channel,
      Connection connection,
      MethodDescriptor<Q, A> method,
      CallOptions options) {
    this.channel = channel;
    this.connection = connection;
    this.method = method;
    this.options = options;
    Executor wanted = options.getExecutor();
    executor = wanted == null ? connection.executor() : wanted;
  }

  @Override
  public void start(Listener<A> responseListener, Metadata sent) {
    listener = responseListener;
    headers.merge(sent);
  }

  @Override
  public void request(int numMessages) {
    // There is one answer, and the caller of a unary call always takes it.
  }

  @Override
  public void sendMessage(Q message) {
    request = message;
  }

  @Override
  public void halfClose() {
    if (!headers.keys().isEmpty() || ((MessageLite) request).getSerializedSize() > LARGEST_SHARED) {
      goByItself();
      return;
    }
    Deadline deadline = deadline();
    if (deadline != null) {
      alarm =
          connection
              .timer()
              .schedule(
                  () -> cancel(Status.DEADLINE_EXCEEDED.withDescription("no answer came in time")),
                  deadline.timeRemaining(TimeUnit.NANOSECONDS),
                  TimeUnit.NANOSECONDS);
    }
    context.addListener(contextEnded, Runnable::run);
    channel.submit(this);
  }

  @Override
  public void cancel(@Nullable String message, @Nullable Throwable cause) {
    ClientCall<Q, A> byItself;
    synchronized (this) {
      byItself = own;
    }
    if (byItself != null) {
      byItself.cancel(message, cause);
    } else {
      cancel(Status.CANCELLED.withDescription(message).withCause(cause));
    }
  }

  /** Makes the call as if there were no shared stream. */
  void goByItself() {
    ClientCall<Q, A> call = channel.ownCall(method, options);
    synchronized (this) {
      if (over) {
        return;
      }
      own = call;
    }
    disarm();
    context.run(() -> call.start(listener, headers));
    call.request(2);
    call.sendMessage(request);
    call.halfClose();
  }

  /** Notes which stream the operation goes through. */
  synchronized void travels(SharedStream through, String id) {
    stream = through;
    requestId = id;
  }

  ComputeOperation operation(String id) {
    ComputeOperation.Builder operation = ComputeOperation.newBuilder().setRequestId(id);
    if (request instanceof ForwardRequest forward) {
      operation.setForward(forward);
    } else if (request instanceof BackwardRequest backward) {
      operation.setBackward(backward);
    } else if (request instanceof StepRequest step) {
      operation.setStep(step);
    } else if (request instanceof TrainStepRequest trainStep) {
      operation.setTrainStep(trainStep);
    }
    Deadline deadline = deadline();
    if (deadline != null) {
      long nanos = Math.max(1_000_000, deadline.timeRemaining(TimeUnit.NANOSECONDS));
      operation.setTimeout(Durations.toWire(Duration.ofNanos(nanos)));
    }
    return operation.build();
  }

  /** Tells the call's tracers that it has left. */
  void sent() {
    ClientStreamTracer.StreamInfo info =
        ClientStreamTracer.StreamInfo.newBuilder().setCallOptions(options).build();
    for (ClientStreamTracer.Factory factory : options.getStreamTracerFactories()) {
      ClientStreamTracer tracer = factory.newClientStreamTracer(info, headers);
      tracer.streamCreated(Attributes.EMPTY, headers);
      tracer.outboundHeaders();
    }
  }

  void settle(ComputeResult result) {
    switch (result.getResultCase()) {
      case FORWARD -> succeed(result.getForward());
      case BACKWARD -> succeed(result.getBackward());
      case STEP -> succeed(result.getStep());
      case TRAIN_STEP -> succeed(result.getTrainStep());
      case ERROR -> fail(result);
      case RESULT_NOT_SET ->
          end(Status.INTERNAL.withDescription("the service sent an empty result"), new Metadata());
    }
  }

  /** Ends the call without an answer. */
  void end(Status status, Metadata trailers) {
    finish(() -> listener.onClose(status, trailers));
  }

  private void succeed(Object answer) {
    finish(
        () -> {
          @SuppressWarnings("unchecked")
          A message = (A) answer;
          listener.onHeaders(new Metadata());
          listener.onMessage(message);
          listener.onClose(Status.OK, new Metadata());
        });
  }

  /** An operation's error has the fields and numbers of google.rpc.Status. */
  private void fail(ComputeResult result) {
    try {
      StatusRuntimeException error =
          StatusProto.toStatusRuntimeException(
              com.google.rpc.Status.parseFrom(result.getError().toByteString()));
      Metadata trailers = error.getTrailers();
      end(error.getStatus(), trailers == null ? new Metadata() : trailers);
    } catch (InvalidProtocolBufferException impossible) {
      end(Status.INTERNAL.withCause(impossible), new Metadata());
    }
  }

  private void cancel(Status status) {
    SharedStream through;
    String id;
    synchronized (this) {
      through = stream;
      id = requestId;
    }
    if (through != null && id != null) {
      through.forget(id);
    }
    end(status, new Metadata());
  }

  private void finish(Runnable callbacks) {
    synchronized (this) {
      if (over || own != null) {
        return;
      }
      over = true;
    }
    disarm();
    executor.execute(() -> context.run(callbacks));
  }

  private void disarm() {
    context.removeListener(contextEnded);
    if (alarm != null) {
      alarm.cancel(false);
    }
  }

  private @Nullable Deadline deadline() {
    Deadline ofCall = options.getDeadline();
    Deadline ofContext = context.getDeadline();
    if (ofCall == null) {
      return ofContext;
    }
    return ofContext == null ? ofCall : ofCall.minimum(ofContext);
  }
}
