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
  void unknownAuthorityFails() throws Exception {
    try (ScriptedServer server = new ScriptedServer(credentials().build());
        Client client = once(server).tls(Tls.usual()).build()) {
      assertThrows(UnavailableException.class, client::layerTypes);
      assertTrue(server.headers.isEmpty());
    }
  }

  @Test
  void plaintextFails() throws Exception {
    try (ScriptedServer server = new ScriptedServer(credentials().build());
        Client client = once(server).build()) {
      assertThrows(UnavailableException.class, client::layerTypes);
      assertTrue(server.headers.isEmpty());
    }
  }

  @Test
  void missingFileIsToldAtOnce() {
    ClientBuilder builder =
        Client.builder("localhost:1").tls(Tls.trusting(folder.resolve("missing.pem")));
    assertThrows(UncheckedIOException.class, builder::build);
  }

  private static TlsServerCredentials.Builder credentials() throws IOException {
    return TlsServerCredentials.newBuilder()
        .keyManager(certificate.chain().toFile(), certificate.key().toFile());
  }

  private static ClientBuilder once(ScriptedServer server) {
    return Client.builder(server.address()).retry(RetryPolicy.never());
  }
}
