package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.edunn.serving.v1.GetSessionRequest;
import org.edunn.serving.v1.GetSessionResponse;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What travels with a call, and how a channel may be changed or brought along. */
class ChannelTest {
  private static final MethodDescriptor<GetSessionRequest, GetSessionResponse> GET_SESSION =
      LayerServiceGrpc.getGetSessionMethod();

  @TempDir Path folder;

  private ScriptedServer server;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void headersTravelWithTheCallsThatTheyAreFor() {
    try (Client client = builder().header("tenant", "a").build()) {
      call(client, CallOption.header("request", "1"));
      assertEquals("a", header("tenant"));
      assertEquals("1", header("request"));
      server.headers.remove();
      call(client);
      assertEquals("a", header("tenant"));
      assertNull(header("request"));
      server.headers.remove();
      Layer layer = Answers.layer(server, client);
      server.headers.clear();
      server.answer(LayerServiceGrpc.getForwardMethod(), Answers::forwarded);
      Forward.of(layer, Answers.ONE).options(CallOption.header("request", "2")).run();
      assertEquals("2", header("request"));
    }
  }

  @Test
  void headerThatGrpcDoesNotTakeIsToldAtOnce() {
    assertThrows(IllegalArgumentException.class, () -> CallOption.header("Tenant name", "a"));
    assertThrows(IllegalArgumentException.class, () -> CallOption.header("tenant", "a\n"));
    assertThrows(IllegalArgumentException.class, () -> CallOption.header("tenant-bin", "a"));
  }

  @Test
  void userAgentNamesTheLibraryAndItsVersion() throws IOException {
    try (Client client = builder().build()) {
      call(client);
    }
    assertTrue(header("user-agent").startsWith("edunn-java/" + Client.VERSION + " "));
    assertTrue(
        Files.readString(Path.of("pom.xml")).contains("<version>" + Client.VERSION + "</version>"));
  }

  @Test
  void gzipCompressesWhatIsSent() {
    try (Client plain = builder().build();
        Client compressing = builder().gzip().build()) {
      call(plain);
      assertNull(server.headers.remove().get(key("grpc-encoding")));
      call(plain, CallOption.gzip());
      assertEquals("gzip", server.headers.remove().get(key("grpc-encoding")));
      call(compressing);
      assertEquals("gzip", server.headers.remove().get(key("grpc-encoding")));
    }
  }

  @Test
  void tokenProviderIsAskedForEachCall() {
    AtomicInteger asked = new AtomicInteger();
    try (Client client = builder().token(() -> "token-" + asked.incrementAndGet()).build()) {
      call(client);
      call(client);
    }
    assertEquals("Bearer token-1", header("authorization"));
    server.headers.remove();
    assertEquals("Bearer token-2", header("authorization"));
  }

  @Test
  void failureOfTheTokenProviderIsTheCalls() {
    IllegalStateException cause = new IllegalStateException("no token");
    try (Client client =
        builder()
            .token(
                () -> {
                  throw cause;
                })
            .build()) {
      var error = assertThrows(UnauthenticatedException.class, () -> client.getSession("s1"));
      assertEquals(cause, error.getCause());
    }
  }

  @Test
  void tokenThatNoHeaderCanHaveIsRefusedAndNotShown() {
    for (String token : List.of("secret\n", "sécret")) {
      var early = assertThrows(IllegalArgumentException.class, () -> builder().token(token));
      try (Client client = builder().token(() -> token).build()) {
        var late = assertThrows(UnauthenticatedException.class, () -> client.getSession("s1"));
        for (Exception error : List.of(early, late)) {
          assertTrue(error.getMessage().contains("the token has characters"), error.getMessage());
          assertFalse(error.getMessage().contains("cret"), error.getMessage());
        }
      }
    }
    assertTrue(server.headers.isEmpty());
  }

  @Test
  void interceptorsSeeEveryCall() {
    List<String> seen = new ArrayList<>();
    ClientInterceptor noting =
        new ClientInterceptor() {
          @Override
          public <Q, A> ClientCall<Q, A> interceptCall(
              MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            seen.add(method.getBareMethodName());
            return next.newCall(method, options);
          }
        };
    server.compute(ScriptedStream.onRequest(ScriptedStream::echo));
    try (Client client = builder().intercept(noting).build()) {
      Layer layer = Answers.layer(server, client);
      try (ComputeStream stream = client.newStream().open()) {
        stream.forward(layer, Answers.ONE).join();
      }
    }
    assertEquals(List.of("CreateSession", "Compute"), seen);
  }

  @Test
  void channelOfTheCallersIsUsedAndLeftOpen() {
    ManagedChannel channel =
        Grpc.newChannelBuilder(server.address(), InsecureChannelCredentials.create()).build();
    try (Client client = Client.builder(channel).token("abc").build()) {
      call(client);
      assertEquals("Bearer abc", header("authorization"));
    }
    assertFalse(channel.isShutdown());
    channel.shutdownNow();
  }

  @Test
  void optionsOfTheChannelCanBeChanged() {
    try (Client client =
        builder().channelOptions(channel -> channel.maxInboundMessageSize(100)).build()) {
      server.answer(
          GET_SESSION,
          GetSessionResponse.newBuilder()
              .setSession(org.edunn.serving.v1.Session.newBuilder().setSessionId("s".repeat(1000)))
              .build());
      var error = assertThrows(ResourceExhaustedException.class, () -> client.getSession("s1"));
      assertEquals("TOO_LARGE", error.reason());
    }
  }

  @Test
  void environmentSaysWhatTheBuilderDoesNot() throws Exception {
    Map<String, String> environment =
        Map.of("EDUNN_TARGET", server.address(), "EDUNN_TOKEN", "from-outside");
    try (Client client = new ClientBuilder(environment).build()) {
      call(client);
      assertEquals("Bearer from-outside", server.headers.remove().get(key("authorization")));
    }
    try (Client client = new ClientBuilder(environment).token("explicit").build()) {
      call(client);
      assertEquals("Bearer explicit", server.headers.remove().get(key("authorization")));
    }
    var error =
        assertThrows(IllegalArgumentException.class, () -> new ClientBuilder(Map.of()).build());
    assertEquals("there is no address: give one, or set EDUNN_TARGET", error.getMessage());
  }

  @Test
  void environmentTurnsTlsOn() throws Exception {
    Certificate certificate = Certificate.make(folder);
    String chain = certificate.chain().toString();
    Map<String, String> environment =
        Map.of(
            "EDUNN_CA",
            chain,
            "EDUNN_CERTIFICATE",
            chain,
            "EDUNN_KEY",
            certificate.key().toString());
    var strict =
        io.grpc.TlsServerCredentials.newBuilder()
            .keyManager(certificate.chain().toFile(), certificate.key().toFile())
            .trustManager(certificate.chain().toFile())
            .clientAuth(io.grpc.TlsServerCredentials.ClientAuth.REQUIRE)
            .build();
    try (ScriptedServer secured = new ScriptedServer(strict);
        Client client = new ClientBuilder(environment).address(secured.address()).build()) {
      secured.answer(GET_SESSION, Answers.session());
      assertEquals("s1", client.getSession("s1").sessionId());
    }
    try (Client client =
        new ClientBuilder(environment).address(server.address()).plaintext().build()) {
      call(client);
    }
    Map<String, String> half = Map.of("EDUNN_CERTIFICATE", chain);
    assertThrows(
        IllegalArgumentException.class,
        () -> new ClientBuilder(half).address("localhost:1").build());
  }

  @Test
  void cancelledContextAndClosedClientHaveAReason() {
    try (Client client = builder().build()) {
      var call = client.getSessionAsync("s1", CallOption.header("a", "b"));
      call.exceptionally(error -> null).join();
      Client closed = builder().build();
      var later = closed.layerTypesAsync();
      closed.close();
      Throwable error = later.handle((value, thrown) -> thrown).join();
      assertEquals("CANCELLED", assertInstanceOf(CancelledException.class, error).reason());
    }
  }

  private ClientBuilder builder() {
    return Client.builder(server.address());
  }

  private void call(Client client, CallOption... options) {
    server.answer(GET_SESSION, Answers.session());
    assertEquals("s1", client.getSession("s1", options).sessionId());
  }

  private String header(String name) {
    return server.headers.element().get(key(name));
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
