package org.edunn.client;

import static org.edunn.client.ScriptedServer.status;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.edunn.serving.v1.ForwardResponse;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an error tells, whatever state its details are in. */
class ErrorsTest {
  private ScriptedServer server;
  private Client client;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
    client = Client.builder(server.address()).retry(RetryPolicy.never()).build();
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void allDetailsAreRead() {
    Violation violation = new Violation("layer.config.p", "must be below 1");
    Duration delay = Duration.ofMillis(1500);
    EdunnException error =
        failure(status(Status.Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", delay, violation));
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, error.code());
    assertEquals("QUEUE_FULL", error.reason());
    assertEquals("no", error.detail());
    assertEquals("no; layer.config.p: must be below 1 [QUEUE_FULL]", error.getMessage());
    assertEquals(List.of(violation), error.violations());
    assertEquals(Optional.of(delay), error.retryDelay());
    assertEquals(Map.of("layer", "l1"), error.metadata());
  }

  @ParameterizedTest
  @CsvSource({
    "INVALID_ARGUMENT,InvalidArgumentException",
    "NOT_FOUND,NotFoundException",
    "ALREADY_EXISTS,AlreadyExistsException",
    "FAILED_PRECONDITION,FailedPreconditionException",
    "RESOURCE_EXHAUSTED,ResourceExhaustedException",
    "UNAUTHENTICATED,UnauthenticatedException",
    "DEADLINE_EXCEEDED,DeadlineExceededException",
    "UNAVAILABLE,UnavailableException",
    "INTERNAL,InternalException",
    "PERMISSION_DENIED,EdunnException",
  })
  void statusHasItsClass(Status.Code code, String type) {
    EdunnException error = failure(status(code, "REASON", null));
    assertEquals(type, error.getClass().getSimpleName());
    assertEquals(code, error.code());
  }

  @Test
  void statusWithoutDetailsWillDo() {
    EdunnException error = failure(Status.NOT_FOUND.withDescription("gone").asRuntimeException());
    assertEquals("gone [NOT_FOUND]", error.getMessage());
    assertEquals("", error.reason());
    assertEquals(List.of(), error.violations());
    assertEquals(Optional.empty(), error.retryDelay());
  }

  @Test
  void statusWithoutASentenceSaysItsName() {
    assertEquals("ABORTED [ABORTED]", failure(Status.ABORTED.asRuntimeException()).getMessage());
  }

  @Test
  void refusedConnectionSaysWhere() {
    server.close();
    UnavailableException error =
        assertThrows(UnavailableException.class, () -> client.getSession("s1"));
    assertTrue(error.getMessage().contains("Connection refused"), error.getMessage());
    assertTrue(error.getMessage().contains(":" + server.port()), error.getMessage());
  }

  @Test
  void detailsThatAreNoMessageAreLeftOut() {
    EdunnException error =
        failure(withDetails(Status.NOT_FOUND, new byte[] {(byte) 0xff, (byte) 0xff}));
    assertSame(NotFoundException.class, error.getClass());
    assertEquals("plain", error.detail());
  }

  @Test
  void detailsThatContradictTheStatusAreLeftOut() {
    byte[] other = com.google.rpc.Status.newBuilder().setCode(5).build().toByteArray();
    EdunnException error = failure(withDetails(Status.UNAVAILABLE, other));
    assertSame(UnavailableException.class, error.getClass());
    assertEquals("plain", error.detail());
  }

  @Test
  void oneUnreadableDetailLeavesTheOthers() {
    StatusRuntimeException good = status(Status.Code.NOT_FOUND, "LAYER_NOT_FOUND", null);
    com.google.rpc.Status details = StatusProto.fromThrowable(good);
    Any broken =
        Any.newBuilder()
            .setTypeUrl("type.googleapis.com/google.rpc.BadRequest")
            .setValue(ByteString.copyFrom(new byte[] {(byte) 0xff}))
            .build();
    EdunnException error =
        failure(
            StatusProto.toStatusRuntimeException(
                details.toBuilder().addDetails(0, broken).build()));
    assertEquals("LAYER_NOT_FOUND", error.reason());
  }

  @ParameterizedTest
  @ValueSource(longs = {2, -1})
  void malformedTensorOfTheServiceIsAnInternalError(long axis) {
    Layer layer = Answers.layer(server, client);
    var output =
        org.edunn.serving.v1.Tensor.newBuilder()
            .setDataType(org.edunn.serving.v1.DataType.DATA_TYPE_FLOAT64)
            .addShape(axis)
            .setData(ByteString.copyFrom(new byte[8]));
    var answer = ForwardResponse.newBuilder().setForwardId("c1").setOutput(output).build();
    server.answer(LayerServiceGrpc.getForwardMethod(), answer);
    server.answer(LayerServiceGrpc.getForwardMethod(), answer);
    String sentence = "the service sent 8 bytes for a tensor float64[" + axis + "]";
    InternalException error =
        assertThrows(InternalException.class, () -> layer.forward(Answers.ONE));
    assertEquals(sentence, error.detail());
    CompletionException failure =
        assertThrows(CompletionException.class, () -> layer.forwardAsync(Answers.ONE).join());
    assertEquals(sentence, ((InternalException) failure.getCause()).detail());
  }

  @Test
  void errorCanBeSerialized() throws Exception {
    Violation violation = new Violation("inputs[0]", "is empty");
    EdunnException error =
        failure(status(Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", null, violation));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream output = new ObjectOutputStream(bytes)) {
      output.writeObject(error);
    }
    try (var input = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      EdunnException copy = (EdunnException) input.readObject();
      assertEquals(List.of(violation), copy.violations());
    }
  }

  private EdunnException failure(StatusRuntimeException answer) {
    server.fail(LayerServiceGrpc.getGetSessionMethod(), answer);
    return assertThrows(EdunnException.class, () -> client.getSession("s1"));
  }

  private static StatusRuntimeException withDetails(Status status, byte[] details) {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER), details);
    return status.withDescription("plain").asRuntimeException(trailers);
  }
}
