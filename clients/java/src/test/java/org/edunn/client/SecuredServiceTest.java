package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** A real service with TLS and tokens; the repository's tests start one. */
class SecuredServiceTest {
  @Test
  @EnabledIfEnvironmentVariable(
      named = "EDUNN_SECURED_ADDRESS",
      matches = ".+",
      disabledReason = "no service with TLS: EDUNN_SECURED_ADDRESS is not set")
  void whoHasTheTokenIsServed() {
    Tensor x = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2);
    try (Client client = builder().token(System.getenv("EDUNN_SECURED_TOKEN")).build();
        Session session = client.newSession().create();
        Client stranger = builder().token("of somebody else").build();
        Client nobody = builder().build()) {
      Layer drop = session.add(LayerSpec.of("drop", "Dropout").config("p", 0.5));
      Tensor y = drop.forward(x);
      assertEquals(y, drop.backward(x).input());
      try (ComputeStream stream = client.newStream().open()) {
        assertEquals(y, stream.backward(drop, x).join().input());
      }
      for (Client refused : new Client[] {stranger, nobody}) {
        var error = assertThrows(UnauthenticatedException.class, refused.newSession()::create);
        assertEquals("UNAUTHENTICATED", error.reason());
      }
    }
  }

  private static ClientBuilder builder() {
    return Client.builder(System.getenv("EDUNN_SECURED_ADDRESS"))
        .tls(Tls.trusting(Path.of(System.getenv("EDUNN_SECURED_CA"))));
  }
}
