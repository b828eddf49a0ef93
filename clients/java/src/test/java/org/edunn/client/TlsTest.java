package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Metadata;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.edunn.serving.v1.ListLayerTypesResponse;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted connections. */
class TlsTest {
  @TempDir static Path folder;

  private static Certificate certificate;

  @BeforeAll
  static void makeCertificate() throws Exception {
    certificate = Certificate.make(folder);
  }

  @Test
  void bothSidesAreKnown() throws Exception {
    // The server asks for a certificate of the client's too, from the same authority.
    ServerCredentials strict =
        credentials()
            .trustManager(certificate.chain().toFile())
            .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
            .build();
    Tls tls = Tls.trusting(certificate.chain()).identity(certificate.chain(), certificate.key());
    try (ScriptedServer server = new ScriptedServer(strict);
        Client client = Client.builder(server.address()).tls(tls).token("abc").build()) {
      server.answer(
          LayerServiceGrpc.getListLayerTypesMethod(), ListLayerTypesResponse.getDefaultInstance());
      assertEquals(List.of(), client.layerTypes());
      Metadata.Key<String> key = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
      assertEquals("Bearer abc", server.headers.remove().get(key));
    }
  }

  @Test
  void unknownAuthorityIsToldAtOnce() throws Exception {
    try (ScriptedServer server = new ScriptedServer(credentials().build());
        Client client = Client.builder(server.address()).tls(Tls.usual()).build()) {
      assertMistake(server, client, "is of no trusted authority: use Tls.trusting(");
    }
  }

  @Test
  void wrongNameIsToldAtOnce() throws Exception {
    Tls tls = Tls.trusting(certificate.chain());
    try (ScriptedServer server = new ScriptedServer(credentials().build());
        Client client = Client.builder("127.0.0.1:" + server.port()).tls(tls).build()) {
      assertMistake(server, client, "is of another name: connect to the name it has");
    }
  }

  @Test
  void plaintextToTlsIsToldAtOnce() throws Exception {
    try (ScriptedServer server = new ScriptedServer(credentials().build());
        Client client = Client.connect(server.address())) {
      assertMistake(server, client, server.address() + " expects TLS: use tls(...)");
    }
  }

  @Test
  void tlsToPlaintextIsToldAtOnce() throws Exception {
    Tls tls = Tls.trusting(certificate.chain());
    try (ScriptedServer server = new ScriptedServer();
        Client client = Client.builder(server.address()).tls(tls).build()) {
      assertMistake(server, client, server.address() + " does not speak TLS: leave tls(...) out");
    }
  }

  @Test
  void missingCertificateOfTheClientIsToldAtOnce() throws Exception {
    ServerCredentials strict =
        credentials()
            .trustManager(certificate.chain().toFile())
            .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
            .build();
    Tls tls = Tls.trusting(certificate.chain());
    try (ScriptedServer server = new ScriptedServer(strict);
        Client client = Client.builder(server.address()).tls(tls).build()) {
      assertMistake(server, client, "asks for a certificate of the client's: use tls(");
    }
  }

  @Test
  void streamTellsAMistakeAtOnceToo() throws Exception {
    Tls tls = Tls.trusting(certificate.chain());
    try (ScriptedServer server = new ScriptedServer();
        ScriptedServer plain = new ScriptedServer();
        Client known = Client.connect(plain.address());
        Client client = Client.builder(server.address()).tls(tls).build();
        ComputeStream stream = client.newStream().open()) {
      Layer layer = Answers.layer(plain, known);
      // The stream may have failed before something is submitted.
      Exception error =
          assertThrows(Exception.class, () -> stream.forward(layer, Answers.ONE).join());
      assertTrue(error.getMessage().contains("does not speak TLS"), error.getMessage());
    }
  }

  @Test
  void eachOfSeveralServersIsKnownByItsOwnName() throws Exception {
    Tls tls = Tls.trusting(certificate.chain());
    // The certificate is for localhost alone, so only one of these two can be the other's name.
    try (ScriptedServer server = new ScriptedServer(credentials().build());
        ScriptedServer other = new ScriptedServer(credentials().build());
        Client client =
            Client.builder("127.0.0.1:" + other.port() + "," + server.address()).tls(tls).build()) {
      for (int i = 0; i < 4; i++) {
        server.answer(LayerServiceGrpc.getGetSessionMethod(), Answers.session());
        assertEquals("s1", client.getSession("s1").sessionId());
      }
      assertTrue(other.headers.isEmpty());
    }
  }

  @Test
  void missingFileIsToldAtOnce() {
    ClientBuilder builder =
        Client.builder("localhost:1").tls(Tls.trusting(folder.resolve("missing.pem")));
    assertThrows(UncheckedIOException.class, builder::build);
  }

  @Test
  void fileThatIsNoPemIsToldAtOnce() {
    Tls chain = Tls.trusting(certificate.chain());
    for (Tls wrong :
        List.of(
            Tls.trusting(certificate.key()),
            chain.identity(certificate.key(), certificate.key()),
            chain.identity(certificate.chain(), certificate.chain()))) {
      ClientBuilder builder = Client.builder("localhost:1").tls(wrong);
      var error = assertThrows(IllegalArgumentException.class, builder::build);
      assertTrue(error.getMessage().endsWith("in PEM format"), error::getMessage);
    }
  }

  private static TlsServerCredentials.Builder credentials() throws IOException {
    return TlsServerCredentials.newBuilder()
        .keyManager(certificate.chain().toFile(), certificate.key().toFile());
  }

  /** Well within the deadline: what is no mistake is tried again until then. */
  private static void assertMistake(ScriptedServer server, Client client, String sentence) {
    UnavailableException error = assertThrows(UnavailableException.class, client::layerTypes);
    assertTrue(error.detail().contains(sentence), error::detail);
    assertEquals("UNAVAILABLE", error.reason());
    var later = assertThrows(CompletionException.class, () -> client.layerTypesAsync().join());
    assertTrue(later.getCause().getMessage().contains(sentence), later.getCause()::getMessage);
    assertTrue(server.headers.isEmpty());
  }
}
