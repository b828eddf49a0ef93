package org.edunn.client;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.edunn.serving.v1.ExportModelRequest;
import org.edunn.serving.v1.ExportModelResponse;
import org.edunn.serving.v1.ImportModelRequest;
import org.edunn.serving.v1.ImportModelResponse;
import org.edunn.serving.v1.LayerServiceGrpc;

/** Layers as model files, which travel in chunks. */
final class ModelFiles {
  private static final int CHUNK_BYTES = 1024 * 1024;

  private ModelFiles() {}

  static byte[] export(
      Connection connection, String sessionId, String layer, CallOption... options) {
    return download(
        connection,
        LayerServiceGrpc.getExportModelMethod(),
        ExportModelRequest.newBuilder().setSessionId(sessionId).setLayer(layer).build(),
        ExportModelResponse::getChunk,
        options);
  }

  static <Q, A> byte[] download(
      Connection connection,
      MethodDescriptor<Q, A> method,
      Q request,
      Function<A, ByteString> chunk,
      CallOption... options) {
    Call<Q, A, byte[]> call =
        new Call<>(method, request, answer -> chunk.apply(answer).toByteArray(), true);
    return connection.transfer(
        call,
        (channel, how) -> {
          ByteString[] file = {ByteString.EMPTY};
          ClientCalls.blockingServerStreamingCall(channel, method, how, request)
              .forEachRemaining(answer -> file[0] = file[0].concat(chunk.apply(answer)));
          return file[0].toByteArray();
        },
        options);
  }

  /** Sends a model file. A repetition sets the layer that the first attempt has made. */
  static LayerInfo importInto(
      Connection connection, String sessionId, String layer, byte[] file, CallOption... options) {
    ImportModelRequest first =
        ImportModelRequest.newBuilder().setSessionId(sessionId).setLayer(layer).build();
    Call<ImportModelRequest, ImportModelResponse, LayerInfo> call =
        new Call<>(
            LayerServiceGrpc.getImportModelMethod(),
            first,
            answer -> LayerInfo.fromWire(answer.getLayer()),
            true);
    return connection.transfer(
        call, (channel, how) -> call.decode().apply(send(channel, how, first, file)), options);
  }

  private static ImportModelResponse send(
      Channel channel, CallOptions how, ImportModelRequest first, byte[] file) {
    Answer answer = new Answer();
    StreamObserver<ImportModelRequest> upload =
        ClientCalls.asyncClientStreamingCall(
            channel.newCall(LayerServiceGrpc.getImportModelMethod(), how), answer);
    upload.onNext(first);
    for (int at = 0; at < file.length; at += CHUNK_BYTES) {
      int length = Math.min(CHUNK_BYTES, file.length - at);
      upload.onNext(
          ImportModelRequest.newBuilder().setChunk(ByteString.copyFrom(file, at, length)).build());
    }
    upload.onCompleted();
    try {
      return answer.came.get();
    } catch (InterruptedException interrupted) {
      upload.onError(interrupted);
      throw Connection.interrupted(interrupted);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof StatusRuntimeException status) {
        throw status;
      }
      throw new IllegalStateException(failed.getCause());
    }
  }

  /** Waits for the one answer of an upload. */
  private static final class Answer implements StreamObserver<ImportModelResponse> {
    private final CompletableFuture<ImportModelResponse> came = new CompletableFuture<>();

    @Override
    public void onNext(ImportModelResponse response) {
      came.complete(response);
    }

    @Override
    public void onError(Throwable failure) {
      came.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      came.completeExceptionally(
          io.grpc.Status.INTERNAL.withDescription("there was no answer").asRuntimeException());
    }
  }
}
