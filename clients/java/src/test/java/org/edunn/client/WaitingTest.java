package org.edunn.client;

import static org.edunn.client.ScriptedServer.status;
import static org.edunn.client.ScriptedServer.unavailable;
import static org.edunn.client.ScriptedStream.onRequest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Message;
import io.grpc.InsecureServerCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.edunn.serving.v1.AddLayerResponse;
import org.edunn.serving.v1.CreateSessionRequest;
import org.edunn.serving.v1.CreateSessionResponse;
import org.edunn.serving.v1.GetParametersResponse;
import org.edunn.serving.v1.GetSessionResponse;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client waits as long as its deadline allows, where waiting is safe. */
class WaitingTest {
  private static final MethodDescriptor<CreateSessionRequest, CreateSessionResponse> CREATE =
      LayerServiceGrpc.getCreateSessionMethod();

  private ScriptedServer server;
  private Client client;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
    client = Client.connect(server.address());
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void whatWasNotSentWaitsForTheConnection() throws Exception {
    Layer layer = Answers.layer(server, client);
    server.answer(LayerServiceGrpc.getGetSessionMethod(), Answers.session());
    Session session = client.attach("s1");
    int port = server.port();
    server.close();
    // A call that may be under way when the connection breaks is not repeated. So the client must
    // know of the loss first.
    CallOption brief = CallOption.timeout(Duration.ofMillis(300));
    assertThrows(EdunnException.class, () -> client.getSession("s1", brief));

    List<CompletableFuture<?>> calls = new ArrayList<>();
    calls.add(session.addAsync(LayerSpec.of("l2", "ReLU")));
    calls.add(client.newSession().sessionId("named").createAsync());
    calls.add(Forward.of(layer, Answers.ONE).untracked().runAsync());
    ComputeStream stream = client.newStream().open();
    calls.add(stream.forward(layer, Answers.ONE));
    // Until each has failed at least once nothing shows that it waits; the pauses are below 1 s.
    Thread.sleep(1000);
    calls.forEach(call -> assertFalse(call.isDone()));

    server = new ScriptedServer(InsecureServerCredentials.create(), port);
    server.compute(onRequest(ScriptedStream::echo));
    var added = org.edunn.serving.v1.Layer.newBuilder().setName("l2");
    server.answer(
        LayerServiceGrpc.getAddLayerMethod(),
        AddLayerResponse.newBuilder().setLayer(added).build());
    server.answer(CREATE, CreateSessionResponse.getDefaultInstance());
    server.answer(LayerServiceGrpc.getForwardMethod(), Answers::forwarded);
    calls.forEach(CompletableFuture::join);
    stream.close();
  }

  @Test
  void safeCallsAreRepeatedUntilTheDeadline() {
    for (int i = 0; i < 1000; i++) {
      server.fail(LayerServiceGrpc.getGetSessionMethod(), unavailable());
    }
    Duration timeout = Duration.ofSeconds(3);
    long began = System.nanoTime();
    EdunnException error =
        assertThrows(
            EdunnException.class, () -> client.getSession("s1", CallOption.timeout(timeout)));
    // The last pause would have outlasted the deadline, or the last attempt did.
    Set<Status.Code> ends = Set.of(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED);
    assertTrue(ends.contains(error.code()), error::toString);
    Duration longest = RetryPolicy.standard().longestPause();
    assertTrue(System.nanoTime() - began >= timeout.minus(longest).toNanos());
  }

  @Test
  void namedSessionWhoseAnswerWasLostIsFound() {
    server.fail(CREATE, unavailable()).fail(CREATE, exists("SESSION_EXISTS"));
    answerWithSeedOfTheCreation(seed -> seed);
    try (Session session = client.newSession().sessionId("mine").create()) {
      assertEquals("mine", session.sessionId());
      assertEquals(((CreateSessionRequest) server.seen(CREATE).get(1)).getSeed(), session.seed());
      server.answer(
          LayerServiceGrpc.getDeleteSessionMethod(),
          org.edunn.serving.v1.DeleteSessionResponse.getDefaultInstance());
    }
  }

  @Test
  void sessionOfSomebodyElseIsNotTakenForOnesOwn() {
    server.fail(CREATE, unavailable()).fail(CREATE, exists("SESSION_EXISTS"));
    answerWithSeedOfTheCreation(seed -> seed + 1);
    SessionBuilder builder = client.newSession().sessionId("mine");
    assertThrows(AlreadyExistsException.class, builder::create);
  }

  @Test
  void sessionThatExistsIsAnErrorAtOnce() {
    server.fail(CREATE, exists("SESSION_EXISTS"));
    SessionBuilder builder = client.newSession().sessionId("mine");
    assertThrows(AlreadyExistsException.class, builder::create);
    assertTrue(server.seen(LayerServiceGrpc.getGetSessionMethod()).isEmpty());
  }

  @Test
  void layerWhoseAnswerWasLostIsFound() {
    Session session = Answers.created(server, client);
    LayerSpec wanted =
        LayerSpec.of("l2", "Linear").config("input_size", 2).parameter("b", Answers.ONE);
    loseAnAddition();
    answerWithLayer(wanted);
    server.answer(LayerServiceGrpc.getGetParametersMethod(), parameters(Answers.ONE));
    assertEquals("Linear", session.addAsync(wanted).join().info().type());
    assertEquals("Linear", session.layer("l2").info().type());
  }

  @Test
  void layerOfSomebodyElseIsNotTakenForOnesOwn() {
    Session session = Answers.created(server, client);
    LayerSpec wanted =
        LayerSpec.of("l2", "Linear").config("input_size", 2).parameter("b", Answers.ONE);
    loseAnAddition();
    answerWithLayer(LayerSpec.of("l2", "Linear").config("input_size", 3));
    assertThrows(AlreadyExistsException.class, () -> session.add(wanted));
    loseAnAddition();
    answerWithLayer(wanted);
    server.answer(
        LayerServiceGrpc.getGetParametersMethod(), parameters(Tensor.of(new double[] {2}, 1)));
    assertThrows(AlreadyExistsException.class, () -> session.add(wanted));
  }

  @Test
  void leavingASessionAfterAFailureDoesNotWaitAgain() {
    Session session = Answers.created(server, client);
    for (int i = 0; i < 1000; i++) {
      server.fail(LayerServiceGrpc.getGetSessionMethod(), unavailable());
    }
    CallOption soon = CallOption.timeout(Duration.ofSeconds(1));
    assertThrows(UnavailableException.class, () -> session.refresh(soon));
    server.fail(LayerServiceGrpc.getDeleteSessionMethod(), unavailable());
    assertThrows(UnavailableException.class, session::close);
    assertEquals(1, server.seen(LayerServiceGrpc.getDeleteSessionMethod()).size());
  }

  @Test
  void interruptedThreadStillDeletesItsSession() {
    Session session = Answers.created(server, client);
    server.answer(
        LayerServiceGrpc.getDeleteSessionMethod(),
        org.edunn.serving.v1.DeleteSessionResponse.getDefaultInstance());
    Thread.currentThread().interrupt();
    session.close();
    assertTrue(Thread.interrupted());
    assertEquals(1, server.seen(LayerServiceGrpc.getDeleteSessionMethod()).size());
  }

  @Test
  void foreverIsNoDeadline() {
    Duration forever = ChronoUnit.FOREVER.getDuration();
    for (Duration timeout : List.of(forever, Duration.ofDays(366 * 317))) {
      server.answer(LayerServiceGrpc.getGetSessionMethod(), Answers.session());
      client.getSession("s1", CallOption.timeout(timeout));
      server.answer(LayerServiceGrpc.getGetSessionMethod(), Answers.session());
      client.getSessionAsync("s1", CallOption.timeout(timeout)).join();
    }
    server.compute(onRequest(ScriptedStream::echo));
    Layer layer = Answers.layer(server, client);
    try (ComputeStream stream = client.newStream().timeout(forever).open()) {
      stream.forward(layer, Answers.ONE).join();
    }
  }

  @Test
  void timesMustBePositiveAndATtlFinite() {
    Layer layer = Answers.layer(server, client);
    SessionBuilder session = client.newSession();
    for (Duration wrong : List.of(Duration.ZERO, Duration.ofSeconds(-1))) {
      assertThrows(IllegalArgumentException.class, () -> CallOption.timeout(wrong));
      assertThrows(
          IllegalArgumentException.class, () -> Forward.of(layer, Answers.ONE).timeout(wrong));
      assertThrows(
          IllegalArgumentException.class, () -> Backward.of(layer, Answers.ONE).timeout(wrong));
      assertThrows(IllegalArgumentException.class, () -> client.newStream().timeout(wrong));
      assertThrows(
          IllegalArgumentException.class, () -> Client.builder("localhost:1").timeout(wrong));
      assertThrows(IllegalArgumentException.class, () -> session.ttl(wrong));
    }
    assertThrows(
        IllegalArgumentException.class, () -> session.ttl(ChronoUnit.FOREVER.getDuration()));
  }

  private void answerWithSeedOfTheCreation(Function<Long, Long> change) {
    server.answer(
        LayerServiceGrpc.getGetSessionMethod(),
        request -> {
          var creation = (CreateSessionRequest) server.seen(CREATE).get(0);
          return GetSessionResponse.newBuilder()
              .setSession(
                  org.edunn.serving.v1.Session.newBuilder()
                      .setSessionId("mine")
                      .setSeed(change.apply(creation.getSeed())))
              .build();
        });
  }

  private void loseAnAddition() {
    server.fail(LayerServiceGrpc.getAddLayerMethod(), unavailable());
    server.fail(LayerServiceGrpc.getAddLayerMethod(), exists("LAYER_EXISTS"));
  }

  private void answerWithLayer(LayerSpec spec) {
    var wire = spec.toWire();
    var layer =
        org.edunn.serving.v1.Layer.newBuilder()
            .setName(wire.getName())
            .setType(wire.getType())
            .setConfig(wire.getConfig());
    server.answer(
        LayerServiceGrpc.getGetSessionMethod(),
        GetSessionResponse.newBuilder()
            .setSession(org.edunn.serving.v1.Session.newBuilder().addLayers(layer))
            .build());
  }

  private static Message parameters(Tensor b) {
    return GetParametersResponse.newBuilder()
        .putAllParameters(Tensors.toWire(Map.of("b", b)))
        .build();
  }

  private static io.grpc.StatusRuntimeException exists(String reason) {
    return status(Status.Code.ALREADY_EXISTS, reason, null);
  }
}
