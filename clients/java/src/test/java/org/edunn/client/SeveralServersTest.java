package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.MethodDescriptor;
import java.time.Duration;
import org.edunn.serving.v1.GetSessionRequest;
import org.edunn.serving.v1.GetSessionResponse;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.Test;

/** A client of two servers. */
class SeveralServersTest {
  private static final MethodDescriptor<GetSessionRequest, GetSessionResponse> GET_SESSION =
      LayerServiceGrpc.getGetSessionMethod();

  @Test
  void serversTakeTurnsAndOneThatDiesIsLeftOut() throws Exception {
    ScriptedServer first = new ScriptedServer();
    try (ScriptedServer second = new ScriptedServer();
        Client client = Client.connect(first.address() + "," + second.address())) {
      for (int i = 0; i < 200; i++) {
        first.answer(GET_SESSION, Answers.session());
        second.answer(GET_SESSION, Answers.session());
      }
      // One may be connected a little later than the other.
      while (first.seen(GET_SESSION).isEmpty() || second.seen(GET_SESSION).isEmpty()) {
        client.getSession("s1");
      }
      first.close();
      int before = second.seen(GET_SESSION).size();
      for (int i = 0; i < 10; i++) {
        assertEquals("s1", client.getSession("s1").sessionId());
      }
      assertEquals(before + 10, second.seen(GET_SESSION).size());
    }
  }

  @Test
  void serverThatIsNotFoundIsLeftOut() throws Exception {
    try (ScriptedServer server = new ScriptedServer();
        Client client = Client.connect("nowhere.invalid:1," + server.address())) {
      server.answer(GET_SESSION, Answers.session());
      assertEquals("s1", client.getSession("s1").sessionId());
    }
  }

  @Test
  void whereNoneIsFoundTheFirstIsNamed() {
    try (Client client =
        Client.builder("first.invalid:1,second.invalid:1")
            .timeout(Duration.ofSeconds(20))
            .build()) {
      UnavailableException error = assertThrows(UnavailableException.class, client::layerTypes);
      assertEquals(
          "Unable to resolve host first.invalid: is the address"
              + " first.invalid:1,second.invalid:1 right?",
          error.detail());
    }
  }
}
