package org.edunn.client;

import static org.edunn.client.ScriptedServer.unavailable;
import static org.edunn.client.ScriptedStream.echo;
import static org.edunn.client.ScriptedStream.hold;
import static org.edunn.client.ScriptedStream.onCancel;
import static org.edunn.client.ScriptedStream.onRequest;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Streams against a scripted server; what they compute is tested on the service. */
class StreamTest {
  private ScriptedServer server;
  private Client client;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
    server.compute(onRequest(ScriptedStream::echo));
    client = Client.connect(server.address());
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void operationsGetTheirOwnAnswers() {
    Layer layer = Answers.layer(server, client);
    List<CompletableFuture<Output>> futures = new ArrayList<>();
    try (ComputeStream stream = client.newStream().inFlight(1000).open()) {
      for (int i = 0; i < 1000; i++) {
        futures.add(stream.forward(layer, Tensor.of(new int[] {i}, 1)));
      }
    }
    for (int i = 0; i < futures.size(); i++) {
      assertArrayEquals(new int[] {i}, futures.get(i).getNow(null).tensor().toIntArray());
    }
  }

  @Test
  void waitingOperationsTravelTogether() throws InterruptedException {
    Layer layer = Answers.layer(server, client);
    BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
    server.compute(
        onRequest(
            (request, reply) -> {
              sizes.add(request.getOperationsCount());
              echo(request, reply);
            }));
    // What one message may not hold waits until the connection has taken it.
    Tensor large = Tensor.of(new double[1 << 20], 1 << 20);
    try (ComputeStream stream = client.newStream().open()) {
      stream.forward(layer, large);
      stream.forward(layer, large);
      for (int i = 0; i < 60; i++) {
        stream.forward(layer, Answers.ONE);
      }
    }
    assertEquals(62, sizes.stream().mapToInt(Integer::intValue).sum());
    assertTrue(sizes.size() < 62, () -> "sizes " + sizes);
  }

  @Test
  void backwardSentAtOnceBelongsToTheForwardBeforeIt() {
    Layer layer = Answers.layer(server, client);
    List<CompletableFuture<Gradients>> backwards = new ArrayList<>();
    try (ComputeStream stream = client.newStream().open()) {
      for (int i = 0; i < 3; i++) {
        stream.forward(layer, Answers.ONE);
        backwards.add(stream.backward(layer, Answers.ONE));
      }
    }
    List<String> names =
        backwards.stream()
            .flatMap(backward -> backward.join().parameters().keySet().stream())
            .toList();
    assertEquals(List.of("c1", "c2", "c3"), names);
  }

  @Test
  void errorIsItsOwnOperations() {
    Session session = Answers.created(server, client);
    Layer layer = session.layer("l1");
    Layer unknown = session.layer("unknown");
    try (ComputeStream stream = client.newStream().open()) {
      var bad = stream.forward(unknown, Answers.ONE);
      var good = stream.forward(layer, Answers.ONE);
      NotFoundException error = assertInstanceOf(NotFoundException.class, failure(bad));
      assertEquals("LAYER_NOT_FOUND", error.reason());
      assertEquals(Answers.ONE, good.join().tensor());
    }
  }

  @Test
  void noMoreAreUnderWayThanMayBe() throws InterruptedException {
    Layer layer = Answers.layer(server, client);
    BlockingQueue<Runnable> answers = new LinkedBlockingQueue<>();
    server.compute(onRequest((request, reply) -> hold(request, reply, answers)));
    try (ComputeStream stream = client.newStream().inFlight(4).open()) {
      for (int i = 0; i < 4; i++) {
        stream.forward(layer, Answers.ONE);
      }
      CompletableFuture<Void> fifth =
          CompletableFuture.runAsync(() -> stream.forward(layer, Answers.ONE));
      List<Runnable> held = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        held.add(answers.take());
      }
      assertFalse(fifth.isDone());
      held.remove(0).run();
      fifth.join();
      held.forEach(Runnable::run);
      answers.take().run();
    }
  }

  @Test
  void dependentStageMaySubmitWithoutRoom() {
    Layer layer = Answers.layer(server, client);
    try (ComputeStream stream = client.newStream().inFlight(1).open()) {
      var chain =
          stream
              .forward(layer, Answers.ONE)
              .thenCompose(
                  first -> {
                    stream.forward(layer, first.tensor());
                    return stream.backward(layer, first.tensor());
                  });
      assertEquals(Answers.ONE, chain.join().input());
    }
  }

  @Test
  void brokenStreamFailsItsOperations() {
    Layer layer = Answers.layer(server, client);
    server.compute(onRequest((request, reply) -> reply.onError(unavailable())));
    try (ComputeStream stream = client.newStream().open()) {
      UnavailableException error =
          assertInstanceOf(UnavailableException.class, failure(stream.forward(layer, Answers.ONE)));
      assertEquals("no", error.detail());
      assertThrows(UnavailableException.class, () -> stream.forward(layer, Answers.ONE));
    }
  }

  @Test
  void streamThatEndsEarlyFailsItsOperations() {
    Layer layer = Answers.layer(server, client);
    server.compute(onRequest((request, reply) -> reply.onCompleted()));
    try (ComputeStream stream = client.newStream().open()) {
      assertInstanceOf(UnavailableException.class, failure(stream.forward(layer, Answers.ONE)));
    }
  }

  @Test
  void closingTheClientFailsAStreamsOperations() throws InterruptedException {
    Layer layer = Answers.layer(server, client);
    CountDownLatch seen = new CountDownLatch(1);
    server.compute(onRequest((request, reply) -> seen.countDown()));
    ComputeStream stream = client.newStream().open();
    var forward = stream.forward(layer, Answers.ONE);
    seen.await();
    client.close();
    EdunnException error = assertInstanceOf(EdunnException.class, failure(forward));
    assertEquals(Status.Code.CANCELLED, error.code());
  }

  @Test
  void silentStreamIsGivenUp() {
    Layer layer = Answers.layer(server, client);
    server.compute(onRequest((request, reply) -> {}));
    try (ComputeStream stream = client.newStream().timeout(Duration.ofMillis(200)).open()) {
      assertInstanceOf(
          DeadlineExceededException.class, failure(stream.forward(layer, Answers.ONE)));
    }
  }

  @Test
  void idleStreamIsNotGivenUp() throws InterruptedException {
    Layer layer = Answers.layer(server, client);
    Duration timeout = Duration.ofSeconds(2);
    try (ComputeStream stream = client.newStream().timeout(timeout).open()) {
      stream.forward(layer, Answers.ONE).join();
      // That nothing happens can only be seen by waiting.
      Thread.sleep(timeout.plusMillis(500).toMillis());
      assertEquals(Answers.ONE, stream.forward(layer, Answers.ONE).join().tensor());
    }
  }

  @Test
  void cancellingTheStreamCancelsItsFutures() throws InterruptedException {
    Layer layer = Answers.layer(server, client);
    CountDownLatch cancelled = new CountDownLatch(1);
    server.compute(onCancel(cancelled::countDown));
    ComputeStream stream = client.newStream().open();
    var forward = stream.forward(layer, Answers.ONE);
    stream.cancel();
    assertTrue(forward.isCancelled());
    cancelled.await();
    stream.close();
  }

  @Test
  void closedStreamTakesNothingMore() {
    Layer layer = Answers.layer(server, client);
    ComputeStream stream = client.newStream().open();
    stream.close();
    assertThrows(IllegalStateException.class, () -> stream.forward(layer, Answers.ONE));
  }

  @Test
  void threadThatWaitsForRoomCanBeInterrupted() throws InterruptedException {
    Layer layer = Answers.layer(server, client);
    server.compute(onRequest((request, reply) -> {}));
    ComputeStream stream = client.newStream().inFlight(1).open();
    stream.forward(layer, Answers.ONE);
    Thread.currentThread().interrupt();
    EdunnException error =
        assertThrows(EdunnException.class, () -> stream.forward(layer, Answers.ONE));
    assertEquals(Status.Code.CANCELLED, error.code());
    assertTrue(Thread.interrupted());
    stream.cancel();
  }

  private static Throwable failure(CompletableFuture<?> future) {
    return assertThrows(CompletionException.class, future::join).getCause();
  }
}
