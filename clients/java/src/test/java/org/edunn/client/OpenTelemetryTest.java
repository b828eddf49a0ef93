package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.grpc.Metadata;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.instrumentation.grpc.v1_6.GrpcTelemetry;
import io.opentelemetry.sdk.testing.junit5.OpenTelemetryExtension;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The README's recipe: OpenTelemetry's instrumentation of gRPC as an interceptor. */
class OpenTelemetryTest {
  @RegisterExtension
  static final OpenTelemetryExtension TELEMETRY = OpenTelemetryExtension.create();

  @Test
  void eachCallHasASpanThatTheServerCanContinue() throws Exception {
    var interceptor = GrpcTelemetry.create(TELEMETRY.getOpenTelemetry()).newClientInterceptor();
    try (ScriptedServer server = new ScriptedServer();
        Client client = Client.builder(server.address()).intercept(interceptor).build()) {
      server.answer(LayerServiceGrpc.getGetSessionMethod(), Answers.session());
      client.getSession("s1");
      Metadata.Key<String> key = Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);
      assertNotNull(server.headers.remove().get(key));
    }
    var span = TELEMETRY.getSpans().get(0);
    assertEquals("edunn_serving.v1.LayerService/GetSession", span.getName());
    assertEquals(SpanKind.CLIENT, span.getKind());
  }
}
