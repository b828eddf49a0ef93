package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.Map;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A wrong address is told at once, in a sentence that says what to write. */
class AddressTest {
  private static final String[] PROXY = {
    "https.proxyHost", "https.proxyPort", "http.nonProxyHosts"
  };

  private final Map<String, String> properties = new java.util.HashMap<>();

  @BeforeEach
  void remember() {
    for (String name : PROXY) {
      properties.put(name, System.getProperty(name));
    }
  }

  @AfterEach
  void restore() {
    properties.forEach(
        (name, value) -> {
          if (value == null) {
            System.clearProperty(name);
          } else {
            System.setProperty(name, value);
          }
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                        | the address is empty: write host:port",
        "'a:1,'                    | the address is empty: write host:port",
        "localhost                 | has no port: write host:port",
        "localhost:                | has no port: write host:port",
        "http://localhost:50051    | is a URL: write localhost:50051",
        "https://h.example:443/api | is a URL: write h.example:443",
        "grpc://localhost          | is a URL: write host:port",
        "localhost:http            | is no number from 1 to 65535",
        "localhost:0               | is no number from 1 to 65535",
        "localhost:65536           | is no number from 1 to 65535",
        "::1                       | is IPv6 without brackets: write [host]:port",
        "::1:50051                 | is IPv6 without brackets: write [host]:port",
        "host name:1               | is no host:port: write host:port",
        "a:1,localhost             | has no port: write host:port",
      })
  void wrongAddressIsToldAtOnce(String address, String sentence) {
    var error = assertThrows(IllegalArgumentException.class, () -> Client.builder(address));
    assertTrue(error.getMessage().contains(sentence), error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"localhost:1", "[::1]:1", "a.example:443, b.example:443", "dns:///a.example:443"})
  void rightAddressIsTaken(String address) {
    try (Client client = Client.connect(address)) {
      assertEquals("client of " + address, client.toString());
    }
  }

  @Test
  void unknownHostIsToldAtOnce() {
    try (Client client = Client.connect("nowhere.invalid:443")) {
      UnavailableException error = assertThrows(UnavailableException.class, client::layerTypes);
      assertEquals(
          "Unable to resolve host nowhere.invalid: is the address nowhere.invalid:443 right?",
          error.detail());
      assertEquals("UNAVAILABLE", error.reason());
    }
  }

  @Test
  void anotherServiceIsToldAtOnce() throws IOException {
    try (ServerSocket web = new ServerSocket(0)) {
      answerInHttp1(web);
      String address = "localhost:" + web.getLocalPort();
      try (Client client = Client.connect(address)) {
        UnavailableException error = assertThrows(UnavailableException.class, client::layerTypes);
        assertTrue(error.detail().startsWith(address + " answers, but not in gRPC"), error::detail);
      }
    }
  }

  @Test
  void loopbackGoesThroughNoProxy() throws IOException {
    useProxyThatIsNotThere();
    try (ScriptedServer server = new ScriptedServer();
        Client client = Client.connect(server.address())) {
      server.answer(LayerServiceGrpc.getGetSessionMethod(), Answers.session());
      assertEquals("s1", client.getSession("s1").sessionId());
    }
  }

  @Test
  void proxyThatDoesNotAnswerIsNamedAtOnce() {
    useProxyThatIsNotThere();
    try (Client client = Client.connect("h.example:443")) {
      UnavailableException error = assertThrows(UnavailableException.class, client::layerTypes);
      assertEquals(
          "the proxy localhost:1 does not lead to h.example:443: see https.proxyHost and"
              + " http.nonProxyHosts",
          error.detail());
    }
  }

  private static void useProxyThatIsNotThere() {
    System.setProperty("https.proxyHost", "localhost");
    System.setProperty("https.proxyPort", "1");
    System.setProperty("http.nonProxyHosts", "");
  }

  private static void answerInHttp1(ServerSocket web) {
    Thread thread =
        new Thread(
            () -> {
              try (var socket = web.accept()) {
                socket.getInputStream().read();
                socket
                    .getOutputStream()
                    .write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".getBytes());
                socket.getInputStream().readAllBytes();
              } catch (IOException closed) {
                return;
              }
            });
    thread.setDaemon(true);
    thread.start();
  }
}
