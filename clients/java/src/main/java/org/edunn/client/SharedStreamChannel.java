package org.edunn.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.edunn.serving.v1.ComputeRequest;
import org.edunn.serving.v1.ComputeResponse;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.jspecify.annotations.Nullable;

/**
 * A channel that carries forwards, backwards and steps through one Compute stream, and all other
 * calls as the channel under it does. The stream is opened when the first one comes and again after
 * its end.
 */
final class SharedStreamChannel extends Channel {
  private final Channel under;
  private final Connection connection;
  // Something on the way to the service takes no streams.
  private volatile boolean refused;
  private @Nullable SharedStream current;

  SharedStreamChannel(Channel under, Connection connection) {
    this.under = under;
    this.connection = connection;
  }

  @Override
  public String authority() {
    return under.authority();
  }

  @Override
  public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
    boolean ofItsOwn = options.getCompressor() != null && !connection.settings().gzip();
    boolean shares = !refused && !ofItsOwn && SharedMethod.of(method).isPresent();
    return shares
        ? new SharedCall<>(this, connection, method, options)
        : under.newCall(method, options);
  }

  /** Returns a call that goes by itself. */
  <Q, A> ClientCall<Q, A> ownCall(MethodDescriptor<Q, A> method, CallOptions options) {
    return under.newCall(method, options);
  }

  /** Sends an operation through the stream that is open, or through a new one. */
  void submit(SharedCall<?, ?> call) {
    while (!open().submit(call)) {
      // It ended a moment ago, and is no longer the one that is open.
      continue;
    }
  }

  /** Takes note that a stream has ended, and tells whether calls have to be made by themselves. */
  boolean hasEnded(SharedStream stream, Status status, boolean answered) {
    synchronized (this) {
      if (current == stream) {
        current = null;
      }
    }
    String why = String.valueOf(status.getDescription());
    boolean refuses =
        !answered
            && (status.getCode() == Status.Code.UNIMPLEMENTED
                || (status.getCode() != Status.Code.UNAVAILABLE && why.contains("HTTP status")));
    if (refuses && !refused) {
      refused = true;
      Log.noStreams(connection.address(), why);
    }
    return refuses;
  }

  private synchronized SharedStream open() {
    if (current == null) {
      // Not in the context of the caller who comes first: its end would end the others' calls.
      Context.ROOT.run(this::openAnother);
    }
    return Objects.requireNonNull(current);
  }

  private synchronized void openAnother() {
    ClientCall<ComputeRequest, ComputeResponse> call =
        under.newCall(LayerServiceGrpc.getComputeMethod(), connection.streamOptions());
    SharedStream stream = new SharedStream(this, connection.executor(), call);
    current = stream;
    stream.start();
  }

  /** The rpcs that a Compute stream can carry, by their names. */
  enum SharedMethod {
    FORWARD(LayerServiceGrpc.getForwardMethod()),
    BACKWARD(LayerServiceGrpc.getBackwardMethod()),
    STEP(LayerServiceGrpc.getStepMethod()),
    TRAIN_STEP(LayerServiceGrpc.getTrainStepMethod());

    private final MethodDescriptor<?, ?> method;

    SharedMethod(MethodDescriptor<?, ?> method) {
      this.method = method;
    }

    static Optional<SharedMethod> of(MethodDescriptor<?, ?> method) {
      return Stream.of(values()).filter(each -> each.method == method).findFirst();
    }
  }
}
