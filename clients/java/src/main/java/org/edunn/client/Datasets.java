package org.edunn.client;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.edunn.serving.v1.ArraySpec;
import org.edunn.serving.v1.DatasetHeader;
import org.edunn.serving.v1.DeleteDatasetRequest;
import org.edunn.serving.v1.ListDatasetsRequest;
import org.edunn.serving.v1.Tensor;
import org.edunn.serving.v1.TrainingServiceGrpc;
import org.edunn.serving.v1.UploadDatasetRequest;
import org.edunn.serving.v1.UploadDatasetResponse;

/** Data sets on their way to the service. */
final class Datasets {
  private Datasets() {}

  static Call<?, ?, List<DatasetInfo>> listCall() {
    return new Call<>(
        TrainingServiceGrpc.getListDatasetsMethod(),
        ListDatasetsRequest.getDefaultInstance(),
        answer -> answer.getDatasetsList().stream().map(DatasetInfo::fromWire).toList(),
        true);
  }

  /** A repetition would not find the name, which would be an error. */
  static Call<?, ?, Boolean> deleteCall(String name) {
    return new Call<>(
        TrainingServiceGrpc.getDeleteDatasetMethod(),
        DeleteDatasetRequest.newBuilder().setName(name).build(),
        answer -> true,
        false);
  }

  /** Sends a data set. Elements that the service has are not sent. */
  static DatasetInfo upload(
      Connection connection, DatasetSpec dataset, List<DatasetInfo> stored, CallOption... options) {
    Tensor x = dataset.x().toWire();
    Tensor y = dataset.y().toWire();
    DatasetHeader.Builder header =
        DatasetHeader.newBuilder()
            .setName(dataset.name())
            .setX(specOf(x))
            .setY(specOf(y))
            .setReplace(dataset.replace());
    // A digest takes its time, so there is one only where the service may have the elements.
    if (stored.stream().anyMatch(info -> info.isLike(header))) {
      header.setDigest(digest(x, y));
    }
    UploadDatasetRequest first = UploadDatasetRequest.newBuilder().setHeader(header).build();
    Call<UploadDatasetRequest, UploadDatasetResponse, DatasetInfo> call =
        new Call<>(
            TrainingServiceGrpc.getUploadDatasetMethod(),
            first,
            answer -> DatasetInfo.fromWire(answer.getDataset()),
            true);
    return connection.transfer(
        call,
        (channel, how) -> {
          var parts = parts(first, x.getData(), y.getData());
          return call.decode().apply(Upload.send(channel, call.method(), how, parts));
        },
        options);
  }

  private static Iterator<UploadDatasetRequest> parts(
      UploadDatasetRequest first, ByteString x, ByteString y) {
    Stream<UploadDatasetRequest> ofX =
        Chunks.of(x).map(chunk -> UploadDatasetRequest.newBuilder().setX(chunk).build());
    Stream<UploadDatasetRequest> ofY =
        Chunks.of(y).map(chunk -> UploadDatasetRequest.newBuilder().setY(chunk).build());
    return Stream.concat(Stream.of(first), Stream.concat(ofX, ofY)).iterator();
  }

  /** Returns the digest that the contract describes. */
  private static String digest(Tensor x, Tensor y) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
    digest.update((line("x", x) + line("y", y)).getBytes(StandardCharsets.UTF_8));
    digest.update(x.getData().asReadOnlyByteBuffer());
    digest.update(y.getData().asReadOnlyByteBuffer());
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String line(String name, Tensor array) {
    String shape =
        array.getShapeList().stream().map(String::valueOf).collect(Collectors.joining(","));
    return "%s %d %s\n".formatted(name, array.getDataTypeValue(), shape);
  }

  private static ArraySpec specOf(Tensor array) {
    return ArraySpec.newBuilder()
        .setDataType(array.getDataType())
        .addAllShape(array.getShapeList())
        .build();
  }
}
