package org.edunn.client;

import io.grpc.CallOptions;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.HandlerRegistry;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicInteger;

/** A gRPC proxy before the real service that has calls carried out and then loses their answers. */
final class LosingProxy extends HandlerRegistry implements AutoCloseable {
  private final ManagedChannel channel;
  private final Server server;
  private final String losing;
  private final AtomicInteger leftToLose;

  /** Loses the first `count` answers of the method; passes on all others. */
  LosingProxy(String target, MethodDescriptor<?, ?> losing, int count) throws IOException {
    ChannelCredentials plaintext = InsecureChannelCredentials.create();
    channel =
        Grpc.newChannelBuilder(target, plaintext).maxInboundMessageSize(Integer.MAX_VALUE).build();
    this.losing = losing.getFullMethodName();
    leftToLose = new AtomicInteger(count);
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .fallbackHandlerRegistry(this)
            .build()
            .start();
  }

  String address() {
    return "localhost:" + server.getPort();
  }

  int leftToLose() {
    return leftToLose.get();
  }

  @Override
  public ServerMethodDefinition<byte[], byte[]> lookupMethod(String name, String authority) {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(new Bytes(), new Bytes())
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(name)
            .build();
    return ServerMethodDefinition.create(
        method, ServerCalls.asyncUnaryCall((request, reply) -> pass(method, request, reply)));
  }

  @Override
  public void close() {
    ScriptedServer.stop(server);
    channel.shutdownNow();
  }

  private void pass(
      MethodDescriptor<byte[], byte[]> method, byte[] request, StreamObserver<byte[]> reply) {
    byte[] answer = ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, request);
    boolean lost =
        method.getFullMethodName().equals(losing)
            && leftToLose.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    if (lost) {
      reply.onError(Status.UNAVAILABLE.withDescription("the answer was lost").asException());
      return;
    }
    reply.onNext(answer);
    reply.onCompleted();
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try (stream) {
        return stream.readAllBytes();
      } catch (IOException broken) {
        throw new UncheckedIOException(broken);
      }
    }
  }
}
