package org.edunn.client;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.BindableService;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import org.edunn.serving.v1.ComputeRequest;
import org.edunn.serving.v1.ComputeResponse;
import org.edunn.serving.v1.LayerServiceGrpc;

/**
 * A real gRPC server that gives the answers that a test wrote down.
 *
 * <p>It stands for no service: it is for what a healthy one does not do on demand, such as refusing
 * a call twice, or breaking a stream.
 */
final class ScriptedServer implements AutoCloseable, BindableService {
  /** What came: the requests of each method, in order. */
  final Map<MethodDescriptor<?, ?>, BlockingQueue<Message>> seen = new ConcurrentHashMap<>();

  /** The headers of all calls. */
  final BlockingQueue<Metadata> headers = new LinkedBlockingQueue<>();

  private final Map<MethodDescriptor<?, ?>, Queue<Function<Message, Message>>> script =
      new ConcurrentHashMap<>();
  private final Server server;
  private final int port;
  private volatile Function<StreamObserver<ComputeResponse>, StreamObserver<ComputeRequest>>
      compute;

  ScriptedServer() throws IOException {
    this(InsecureServerCredentials.create());
  }

  ScriptedServer(ServerCredentials credentials) throws IOException {
    this(credentials, 0);
  }

  ScriptedServer(ServerCredentials credentials, int port) throws IOException {
    server =
        Grpc.newServerBuilderForPort(port, credentials)
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .addService(ServerInterceptors.intercept(this, new HeaderNotes()))
            .build()
            .start();
    this.port = server.getPort();
  }

  String address() {
    return "localhost:" + port;
  }

  int port() {
    return port;
  }

  /** Has the next call of the method answered so. */
  <Q extends Message> ScriptedServer answer(
      MethodDescriptor<Q, ?> method, Function<Q, ? extends Message> answer) {
    @SuppressWarnings("unchecked")
    Function<Message, Message> untyped = request -> answer.apply((Q) request);
    script.computeIfAbsent(method, key -> new ArrayDeque<>()).add(untyped);
    return this;
  }

  ScriptedServer answer(MethodDescriptor<? extends Message, ?> method, Message answer) {
    return answer(method, request -> answer);
  }

  /** Has the next call of the method fail so. */
  ScriptedServer fail(MethodDescriptor<? extends Message, ?> method, StatusRuntimeException error) {
    return answer(
        method,
        request -> {
          throw error;
        });
  }

  /** Says how a stream is answered. */
  void compute(Function<StreamObserver<ComputeResponse>, StreamObserver<ComputeRequest>> how) {
    compute = how;
  }

  List<Message> seen(MethodDescriptor<?, ?> method) {
    return List.copyOf(queue(method));
  }

  /** Waits for a request of the method. */
  Message awaitSeen(MethodDescriptor<?, ?> method) throws InterruptedException {
    return queue(method).take();
  }

  /** Returns the status with the details that the service gives. */
  static StatusRuntimeException status(
      Status.Code code, String reason, Duration retryDelay, Violation... violations) {
    var status = com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage("no");
    status.addDetails(
        Any.pack(
            ErrorInfo.newBuilder()
                .setReason(reason)
                .setDomain("edunn")
                .putMetadata("layer", "l1")
                .build()));
    if (violations.length > 0) {
      BadRequest.Builder request = BadRequest.newBuilder();
      for (Violation violation : violations) {
        request
            .addFieldViolationsBuilder()
            .setField(violation.field())
            .setDescription(violation.description());
      }
      status.addDetails(Any.pack(request.build()));
    }
    if (retryDelay != null) {
      RetryInfo retry = RetryInfo.newBuilder().setRetryDelay(Durations.toWire(retryDelay)).build();
      status.addDetails(Any.pack(retry));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  static StatusRuntimeException unavailable() {
    return status(Status.Code.UNAVAILABLE, "UNAVAILABLE", null);
  }

  @Override
  public void close() {
    stop(server);
  }

  /** Stops a server at once and waits until its port is free. */
  static void stop(Server server) {
    try {
      server.shutdownNow().awaitTermination();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  @Override
  public ServerServiceDefinition bindService() {
    var descriptor = LayerServiceGrpc.getServiceDescriptor();
    var service = ServerServiceDefinition.builder(descriptor);
    for (MethodDescriptor<?, ?> method : descriptor.getMethods()) {
      if (method.getType() == MethodDescriptor.MethodType.UNARY) {
        @SuppressWarnings("unchecked")
        var unary = (MethodDescriptor<Message, Message>) method;
        service.addMethod(
            unary, ServerCalls.asyncUnaryCall((request, reply) -> carryOut(unary, request, reply)));
      } else if (method != LayerServiceGrpc.getComputeMethod()) {
        @SuppressWarnings("unchecked")
        var streaming = (MethodDescriptor<Message, Message>) method;
        service.addMethod(
            streaming,
            ServerCalls.asyncBidiStreamingCall(
                reply -> ServerCalls.asyncUnimplementedStreamingCall(streaming, reply)));
      }
    }
    return service
        .addMethod(
            LayerServiceGrpc.getComputeMethod(),
            ServerCalls.asyncBidiStreamingCall(reply -> compute.apply(reply)))
        .build();
  }

  private void carryOut(
      MethodDescriptor<Message, Message> method, Message request, StreamObserver<Message> reply) {
    queue(method).add(request);
    Function<Message, Message> answer;
    synchronized (this) {
      answer = script.getOrDefault(method, new ArrayDeque<>()).poll();
    }
    try {
      if (answer == null) {
        throw Status.FAILED_PRECONDITION.withDescription("not in the script").asRuntimeException();
      }
      reply.onNext(answer.apply(request));
      reply.onCompleted();
    } catch (StatusRuntimeException refusal) {
      reply.onError(refusal);
    }
  }

  private BlockingQueue<Message> queue(MethodDescriptor<?, ?> method) {
    return seen.computeIfAbsent(method, key -> new LinkedBlockingQueue<>());
  }

  private final class HeaderNotes implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata metadata, ServerCallHandler<Q, A> next) {
      headers.add(metadata);
      return next.startCall(call, metadata);
    }
  }
}
