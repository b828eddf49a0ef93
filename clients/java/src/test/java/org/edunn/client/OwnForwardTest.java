package org.edunn.client;

import static org.edunn.client.ScriptedStream.hold;
import static org.edunn.client.ScriptedStream.onRequest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.edunn.serving.v1.AddLayerResponse;
import org.edunn.serving.v1.BackwardRequest;
import org.edunn.serving.v1.BackwardResponse;
import org.edunn.serving.v1.ForwardRequest;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A layer is one object in a session object, and its backwards go through its own forwards. */
class OwnForwardTest {
  private ScriptedServer server;
  private Client client;
  private Session session;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
    client = Client.connect(server.address());
    session = Answers.created(server, client);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void missingInputIsNamed() {
    Layer layer = session.layer("theirs");
    assertEquals(
        "input",
        assertThrows(NullPointerException.class, () -> layer.forward((Tensor) null)).getMessage());
  }

  @Test
  void layerOfAnotherClientIsOneObject() {
    assertSame(session.layer("theirs"), session.layer("theirs"));
    session.layer("theirs").setPhase(Phase.TEST);
    server.answer(LayerServiceGrpc.getForwardMethod(), Answers::forwarded);
    session.layer("theirs").forward(Answers.ONE);
    ForwardRequest request =
        (ForwardRequest) server.seen(LayerServiceGrpc.getForwardMethod()).get(0);
    assertEquals(org.edunn.serving.v1.Phase.PHASE_TEST, request.getPhase());
  }

  @Test
  void layerThatIsAddedLaterIsThatObjectToo() {
    Layer before = session.layer("l2");
    assertEquals(List.of("l1"), List.copyOf(session.layers().keySet()));
    answerAdd("l2");
    assertSame(before, session.add(LayerSpec.of("l2", "ReLU")));
    assertEquals("ReLU", before.info().type());
    assertSame(before, session.layers().get("l2"));
  }

  @Test
  void infoHasTheLayersThatWereAdded() {
    answerAdd("l2");
    session.add(LayerSpec.of("l2", "ReLU"));
    assertEquals(
        List.of("l1", "l2"), session.info().layers().stream().map(LayerInfo::name).toList());
  }

  @Test
  void backwardNeedsAForwardOfItsOwnObject() {
    Layer layer = session.layer("l1");
    assertNoForward(assertThrows(EdunnException.class, () -> layer.backward(Answers.ONE)));
    assertNoForward(
        assertThrows(CompletionException.class, () -> layer.backwardAsync(Answers.ONE).join())
            .getCause());
    server.compute(onRequest(ScriptedStream::echo));
    try (ComputeStream stream = client.newStream().open()) {
      var refused = stream.backward(layer, Answers.ONE);
      assertNoForward(assertThrows(CompletionException.class, refused::join).getCause());
      stream.forward(layer, Answers.ONE).join();
      assertEquals("c1", stream.backward(layer, Answers.ONE).join().forwardId());
    }
    assertTrue(server.seen(LayerServiceGrpc.getBackwardMethod()).isEmpty());
  }

  @Test
  void forwardsThatOthersMadeCanBeNamed() {
    server.answer(
        LayerServiceGrpc.getBackwardMethod(),
        request ->
            BackwardResponse.newBuilder().setInputGradient(request.getOutputGradient()).build());
    Backward backward = Backward.of(session.layer("l1"), Answers.ONE).forwardId("theirs");
    assertEquals("theirs", backward.run().forwardId());
    BackwardRequest request =
        (BackwardRequest) server.seen(LayerServiceGrpc.getBackwardMethod()).get(0);
    assertEquals("theirs", request.getForwardId());
  }

  @Test
  void untrackedForwardCannotBeGoneBackThrough() {
    Output untracked = new Output(Answers.ONE, "", Phase.TEST);
    Backward backward = Backward.of(session.layer("l1"), Answers.ONE);
    assertNoForward(assertThrows(EdunnException.class, () -> backward.through(untracked)));
    assertNoForward(assertThrows(EdunnException.class, () -> backward.forwardId("")));
  }

  @Test
  void forwardThatTheServiceNamesIsTheLatestOnceItHasItsName() throws InterruptedException {
    Layer layer = session.layer("l1");
    BlockingQueue<Runnable> answers = new LinkedBlockingQueue<>();
    server.compute(onRequest((request, reply) -> hold(request, reply, answers)));
    try (ComputeStream stream = client.newStream().open()) {
      var forward = stream.submit(Forward.of(layer, Answers.ONE).forwardId(""));
      var early = stream.backward(layer, Answers.ONE);
      assertNoForward(assertThrows(CompletionException.class, early::join).getCause());
      answers.take().run();
      forward.join();
      var backward = stream.backward(layer, Answers.ONE);
      answers.take().run();
      assertEquals("#1", backward.join().forwardId());
    }
  }

  private void answerAdd(String name) {
    var layer = org.edunn.serving.v1.Layer.newBuilder().setName(name).setType("ReLU");
    server.answer(
        LayerServiceGrpc.getAddLayerMethod(),
        AddLayerResponse.newBuilder().setLayer(layer).build());
  }

  private static void assertNoForward(Throwable thrown) {
    FailedPreconditionException error = assertInstanceOf(FailedPreconditionException.class, thrown);
    assertEquals(Status.Code.FAILED_PRECONDITION, error.code());
    assertEquals("NO_FORWARD", error.reason());
  }
}
