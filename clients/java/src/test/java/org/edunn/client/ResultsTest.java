package org.edunn.client;

import static org.edunn.client.ScriptedServer.unavailable;
import static org.edunn.client.ScriptedStream.hold;
import static org.edunn.client.ScriptedStream.onRequest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The iterator over the results of many operations. */
class ResultsTest {
  private ScriptedServer server;
  private Client client;
  private Layer layer;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
    server.compute(onRequest(ScriptedStream::echo));
    client = Client.connect(server.address());
    layer = Answers.layer(server, client);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void resultsKnowTheirOperations() {
    List<Operation<?>> operations =
        List.of(Forward.of(layer, Answers.ONE), Backward.of(layer, Answers.ONE));
    try (Results results = client.compute(operations)) {
      OperationResult forward = results.next();
      assertSame(operations.get(0), forward.operation());
      assertEquals("c1", forward.output().forwardId());
      assertThrows(IllegalStateException.class, forward::gradients);
      OperationResult backward = results.next();
      assertSame(operations.get(1), backward.operation());
      assertEquals("c1", backward.gradients().forwardId());
      assertFalse(results.hasNext());
      assertThrows(NoSuchElementException.class, results::next);
    }
  }

  @Test
  void resultComesAsSoonAsItIsThere() throws InterruptedException {
    BlockingQueue<Runnable> answers = new LinkedBlockingQueue<>();
    server.compute(onRequest((request, reply) -> hold(request, reply, answers)));
    Iterable<Forward> endless =
        () -> Stream.generate(() -> Forward.of(layer, Answers.ONE)).iterator();
    try (Results results = client.newStream().inFlight(2).compute(endless)) {
      for (int i = 1; i <= 3; i++) {
        // Of two that are in flight one is answered.
        answers.take().run();
        assertEquals("c" + i, results.next().output().forwardId());
      }
    }
  }

  @Test
  void operationsMayWaitForResults() {
    BlockingQueue<Tensor> came = new LinkedBlockingQueue<>(List.of(Answers.ONE));
    Iterator<Forward> chain =
        new Iterator<>() {
          private int left = 5;

          @Override
          public boolean hasNext() {
            return left > 0;
          }

          @Override
          public Forward next() {
            left--;
            try {
              return Forward.of(layer, came.take());
            } catch (InterruptedException interrupted) {
              throw new IllegalStateException(interrupted);
            }
          }
        };
    Iterable<Forward> operations = () -> chain;
    try (Results results = client.newStream().inFlight(1).compute(operations)) {
      for (int i = 0; i < 5; i++) {
        came.add(results.next().output().tensor());
      }
      assertFalse(results.hasNext());
    }
  }

  @Test
  void noMoreAreTakenThanMayBeInFlight() {
    AtomicInteger taken = new AtomicInteger();
    Iterable<Forward> endless =
        () ->
            Stream.generate(() -> Forward.of(layer, Answers.ONE))
                .peek(forward -> taken.incrementAndGet())
                .iterator();
    try (Results results = client.newStream().inFlight(4).compute(endless)) {
      for (int i = 1; i <= 100; i++) {
        results.next();
        assertTrue(taken.get() <= i + 4, () -> taken + " taken");
      }
    }
  }

  @Test
  void failedOperationHasItsError() {
    Layer unknown = Answers.created(server, client).layer("unknown");
    List<Operation<?>> operations =
        List.of(
            Backward.of(layer, Answers.ONE),
            Forward.of(unknown, Answers.ONE),
            Forward.of(layer, Answers.ONE));
    List<String> reasons = new ArrayList<>();
    try (Results results = client.compute(operations)) {
      results.forEachRemaining(
          result -> reasons.add(result.error().map(EdunnException::reason).orElse("none")));
    }
    assertEquals(List.of("NO_FORWARD", "LAYER_NOT_FOUND", "none"), reasons);
  }

  @Test
  void brokenStreamEndsTheResultsOfEndlessOperations() {
    server.compute(onRequest((request, reply) -> reply.onError(unavailable())));
    Iterable<Forward> endless =
        () -> Stream.generate(() -> Forward.of(layer, Answers.ONE)).iterator();
    try (Results results = client.compute(endless)) {
      assertThrows(
          UnavailableException.class,
          () -> results.forEachRemaining(result -> assertTrue(result.error().isPresent())));
    }
  }

  @Test
  void whatTheOperationsThrowIsThrownAfterTheResults() {
    Iterable<Forward> failing =
        () ->
            Stream.iterate(1, i -> i + 1)
                .map(
                    i -> {
                      if (i == 3) {
                        throw new UnsupportedOperationException("no third");
                      }
                      return Forward.of(layer, Answers.ONE);
                    })
                .iterator();
    try (Results results = client.compute(failing)) {
      results.next();
      results.next();
      assertThrows(UnsupportedOperationException.class, results::hasNext);
    }
  }

  @Test
  void closingEarlyTakesNothingMore() {
    server.compute(onRequest((request, reply) -> {}));
    Results results = client.compute(List.of(Forward.of(layer, Answers.ONE)));
    results.close();
    assertFalse(results.hasNext());
  }

  @Test
  void threadThatWaitsForAResultCanBeInterrupted() {
    server.compute(onRequest((request, reply) -> {}));
    try (Results results = client.compute(List.of(Forward.of(layer, Answers.ONE)))) {
      Thread.currentThread().interrupt();
      assertThrows(CancelledException.class, results::hasNext);
      assertTrue(Thread.interrupted());
    }
  }
}
