package org.edunn.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import java.util.Iterator;
import java.util.function.Function;
import java.util.stream.Stream;
import org.edunn.serving.v1.ExportModelRequest;
import org.edunn.serving.v1.ExportModelResponse;
import org.edunn.serving.v1.ImportModelRequest;
import org.edunn.serving.v1.ImportModelResponse;
import org.edunn.serving.v1.LayerServiceGrpc;

/** Layers as model files, which travel in chunks. */
final class ModelFiles {
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
        call,
        (channel, how) ->
            call.decode().apply(Upload.send(channel, call.method(), how, parts(first, file))),
        options);
  }

  private static Iterator<ImportModelRequest> parts(ImportModelRequest first, byte[] file) {
    Stream<ImportModelRequest> chunks =
        Chunks.of(UnsafeByteOperations.unsafeWrap(file))
            .map(chunk -> ImportModelRequest.newBuilder().setChunk(chunk).build());
    return Stream.concat(Stream.of(first), chunks).iterator();
  }
}
