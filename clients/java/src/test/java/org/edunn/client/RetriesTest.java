package org.edunn.client;

import static org.edunn.client.ScriptedServer.status;
import static org.edunn.client.ScriptedServer.unavailable;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.InsecureServerCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.edunn.serving.v1.AddLayerRequest;
import org.edunn.serving.v1.AddLayerResponse;
import org.edunn.serving.v1.CreateSessionRequest;
import org.edunn.serving.v1.CreateSessionResponse;
import org.edunn.serving.v1.ForwardRequest;
import org.edunn.serving.v1.ForwardResponse;
import org.edunn.serving.v1.GetSessionRequest;
import org.edunn.serving.v1.GetSessionResponse;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is made again and what is not. */
class RetriesTest {
  private static final MethodDescriptor<GetSessionRequest, GetSessionResponse> GET_SESSION =
      LayerServiceGrpc.getGetSessionMethod();
  private static final MethodDescriptor<CreateSessionRequest, CreateSessionResponse> CREATE =
      LayerServiceGrpc.getCreateSessionMethod();
  private static final MethodDescriptor<ForwardRequest, ForwardResponse> FORWARD =
      LayerServiceGrpc.getForwardMethod();
  private static final MethodDescriptor<AddLayerRequest, AddLayerResponse> ADD_LAYER =
      LayerServiceGrpc.getAddLayerMethod();

  private static final RetryPolicy FAST =
      new RetryPolicy(4, Duration.ofMillis(1), Duration.ofSeconds(1));

  private ScriptedServer server;
  private Client client;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
    client = Client.builder(server.address()).retry(FAST).build();
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void unavailableIsTriedAgain() {
    server.fail(GET_SESSION, unavailable()).fail(GET_SESSION, unavailable());
    server.answer(GET_SESSION, Answers.session());
    assertEquals("s1", client.getSession("s1").sessionId());
  }

  @Test
  void asyncCallsAreTriedAgainToo() {
    server.fail(GET_SESSION, unavailable()).fail(GET_SESSION, unavailable());
    server.answer(GET_SESSION, Answers.session());
    assertEquals("s1", client.getSessionAsync("s1").join().sessionId());
  }

  @Test
  void attemptsEnd() {
    for (int i = 0; i < 9; i++) {
      server.fail(GET_SESSION, unavailable());
    }
    assertThrows(UnavailableException.class, () -> client.getSession("s1"));
    assertEquals(FAST.attempts(), server.seen(GET_SESSION).size());
    CompletionException failure =
        assertThrows(CompletionException.class, () -> client.getSessionAsync("s1").join());
    assertInstanceOf(UnavailableException.class, failure.getCause());
    assertEquals(2 * FAST.attempts(), server.seen(GET_SESSION).size());
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"INTERNAL", "NOT_FOUND", "DEADLINE_EXCEEDED", "FAILED_PRECONDITION", "ABORTED"})
  void otherErrorsAreNotTriedAgain(Status.Code code) {
    server.fail(GET_SESSION, status(code, "REASON", Duration.ofMillis(1)));
    EdunnException error = assertThrows(EdunnException.class, () -> client.getSession("s1"));
    assertEquals(code, error.code());
    assertEquals(1, server.seen(GET_SESSION).size());
  }

  @Test
  void refusedCallWaitsAsLongAsItIsTold() {
    Duration delay = Duration.ofMillis(200);
    server.fail(GET_SESSION, status(Status.Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", delay));
    server.answer(GET_SESSION, Answers.session());
    long began = System.nanoTime();
    client.getSession("s1");
    assertTrue(System.nanoTime() - began >= delay.toNanos());
  }

  @Test
  void tooLargeIsNotTriedAgain() {
    server.fail(GET_SESSION, status(Status.Code.RESOURCE_EXHAUSTED, "TOO_LARGE", null));
    assertThrows(ResourceExhaustedException.class, () -> client.getSession("s1"));
    assertEquals(1, server.seen(GET_SESSION).size());
  }

  @Test
  void noPauseOutlastsTheDeadline() {
    Duration delay = Duration.ofMinutes(10);
    server.fail(GET_SESSION, status(Status.Code.RESOURCE_EXHAUSTED, "QUOTA", delay));
    assertThrows(ResourceExhaustedException.class, () -> client.getSession("s1"));
  }

  @Test
  void repeatedForwardKeepsItsName() {
    Layer layer = Answers.layer(server, client);
    server.fail(FORWARD, unavailable());
    server.answer(FORWARD, Answers::forwarded).answer(FORWARD, Answers::forwarded);
    layer.forward(Answers.ONE);
    layer.forward(Answers.ONE);
    assertEquals(List.of("c1", "c1", "c2"), names());
  }

  @Test
  void forwardNamedByTheServiceIsNotRepeatedAfterABreak() {
    Layer layer = Answers.layer(server, client);
    server.fail(FORWARD, unavailable());
    Forward forward = Forward.of(layer, Answers.ONE).forwardId("");
    assertThrows(UnavailableException.class, forward::run);
    assertEquals(1, server.seen(FORWARD).size());
  }

  @Test
  void itIsRepeatedWhereTheServiceRefusedIt() {
    Layer layer = Answers.layer(server, client);
    Duration delay = Duration.ofMillis(1);
    server.fail(FORWARD, status(Status.Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", delay));
    server.answer(FORWARD, Answers::forwarded);
    Forward.of(layer, Answers.ONE).forwardId("").run();
    assertEquals("#1", layer.latestForwardId());
  }

  @Test
  void untrackedTrainingForwardIsNotRepeated() {
    Layer layer = Answers.layer(server, client);
    server.fail(FORWARD, unavailable());
    Forward forward = Forward.of(layer, Answers.ONE).untracked();
    assertThrows(UnavailableException.class, forward::run);
    assertEquals(1, server.seen(FORWARD).size());
  }

  @Test
  void untrackedTestForwardIsRepeatedAndTakesNoName() {
    Layer layer = Answers.layer(server, client);
    server.fail(FORWARD, unavailable());
    server.answer(FORWARD, Answers::forwarded).answer(FORWARD, Answers::forwarded);
    Forward.of(layer, Answers.ONE).untracked().phase(Phase.TEST).run();
    layer.forward(Answers.ONE);
    assertEquals(List.of("", "", "c1"), names());
  }

  @Test
  void sessionsOfOneNameNeverMeetInAForward() {
    Layer mine = Answers.layer(server, client);
    server.answer(GET_SESSION, Answers.session()).answer(GET_SESSION, Answers.session());
    List<Layer> layers =
        List.of(mine, client.attach("s1").layer("l1"), client.attach("s1").layer("l1"));
    for (Layer layer : layers) {
      server.answer(FORWARD, Answers::forwarded);
      layer.forward(Answers.ONE);
    }
    Set<String> distinct = new HashSet<>(names());
    assertEquals(3, distinct.size());
    assertTrue(distinct.contains("c1"));
  }

  @Test
  void serverThatComesBackIsFoundAgain() throws Exception {
    server.answer(GET_SESSION, Answers.session());
    RetryPolicy patient = new RetryPolicy(200, Duration.ofMillis(50), Duration.ofMillis(50));
    try (Client waiting = Client.builder(server.address()).retry(patient).build()) {
      waiting.getSession("s1");
      int port = server.port();
      server.close();
      var session = waiting.getSessionAsync("s1");
      server = new ScriptedServer(InsecureServerCredentials.create(), port);
      server.answer(GET_SESSION, Answers.session());
      assertEquals("s1", session.join().sessionId());
    }
  }

  private List<String> names() {
    return server.seen(FORWARD).stream()
        .map(request -> ((ForwardRequest) request).getForwardId())
        .toList();
  }
}
