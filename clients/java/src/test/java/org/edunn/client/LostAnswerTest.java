package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.Test;

/** A forward whose answer was lost is made again and has no second mask. */
@NeedsService
class LostAnswerTest {
  private static final Tensor ONES = Tensor.of(new float[] {1, 1, 1, 1, 1, 1, 1, 1}, 2, 4);

  @Test
  void repeatedForwardHasTheSameMask() throws Exception {
    Tensor[] expected = new Tensor[2];
    try (Client client = Service.connect();
        Session session = client.newSession().seed(7).create()) {
      Layer drop = dropout(session);
      expected[0] = drop.forward(ONES);
      expected[1] = drop.forward(ONES);
    }
    try (LosingProxy proxy =
            new LosingProxy(Service.address(), LayerServiceGrpc.getForwardMethod(), 2);
        Client client = Client.connect(proxy.address());
        Session session = client.newSession().seed(7).create()) {
      Layer drop = dropout(session);
      assertEquals(expected[0], drop.forward(ONES));
      assertEquals(0, proxy.leftToLose());
      assertEquals(expected[0], drop.backward(ONES).input());
      assertEquals(expected[1], drop.forwardAsync(ONES).join());
    }
  }

  private static Layer dropout(Session session) {
    return session.add(LayerSpec.of("drop", "Dropout").config("p", 0.5));
  }
}
