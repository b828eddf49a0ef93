package org.edunn.client;

import static org.edunn.client.ScriptedServer.unavailable;
import static org.edunn.client.ScriptedStream.echo;
import static org.edunn.client.ScriptedStream.onRequest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.edunn.serving.v1.ComputeRequest;
import org.edunn.serving.v1.ComputeResponse;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls that share a stream are the same calls. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SharedStreamTest {
  private final AtomicInteger streams = new AtomicInteger();
  private final BlockingQueue<ComputeRequest> requests = new LinkedBlockingQueue<>();
  private ScriptedServer server;
  private Client client;
  private Layer layer;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
    compute(ScriptedStream::echo);
    client = Client.builder(server.address()).shareStream().build();
    layer = Answers.layer(server, client);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void callsOfManyThreadsShareOne() {
    List<CompletableFuture<?>> calls = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      Tensor x = Tensor.of(new int[] {i}, 1);
      calls.add(CompletableFuture.runAsync(() -> assertEquals(x, layer.forward(x))));
      calls.add(layer.forwardAsync(x).thenAccept(y -> assertEquals(x, y)));
    }
    calls.forEach(CompletableFuture::join);
    assertEquals(Answers.ONE, layer.backward(Answers.ONE).input());
    assertEquals(1, streams.get());
    assertTrue(server.seen(LayerServiceGrpc.getForwardMethod()).isEmpty());
    assertTrue(server.seen(LayerServiceGrpc.getBackwardMethod()).isEmpty());
  }

  @Test
  void eachHasADeadlineOfItsOwn() throws InterruptedException {
    compute((request, reply) -> {});
    // Long enough for the operation to reach the server, which could not see its end otherwise.
    Duration timeout = Duration.ofSeconds(3);
    var patient = layer.forwardAsync(Answers.ONE);
    Forward hasty = Forward.of(layer, Answers.ONE).timeout(timeout);
    DeadlineExceededException error = assertThrows(DeadlineExceededException.class, hasty::run);
    assertEquals("DEADLINE_EXCEEDED", error.reason());
    assertFalse(patient.isDone());
    List<ComputeRequest> seen = await("2");
    var limits =
        seen.stream()
            .flatMap(request -> request.getOperationsList().stream())
            .map(operation -> Durations.fromWire(operation.getTimeout()))
            .toList();
    assertTrue(limits.get(0).compareTo(timeout) > 0, limits::toString);
    assertTrue(limits.get(1).compareTo(timeout) <= 0, limits::toString);
  }

  @Test
  void cancellingTheFutureCancelsTheOperation() throws InterruptedException {
    compute((request, reply) -> {});
    var call = layer.forwardAsync(Answers.ONE);
    ComputeRequest first = requests.take();
    call.cancel(true);
    assertEquals(
        List.of(first.getOperations(0).getRequestId()),
        requests.take().getCancelledRequestIdsList());
  }

  @Test
  void interruptCancelsTheOperation() throws InterruptedException {
    compute((request, reply) -> {});
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                layer.forward(Answers.ONE);
              } catch (EdunnException error) {
                thrown.complete(Thread.currentThread().isInterrupted() ? error : null);
              }
            });
    thread.start();
    requests.take();
    thread.interrupt();
    assertInstanceOf(CancelledException.class, thrown.join());
    assertEquals(1, requests.take().getCancelledRequestIdsCount());
  }

  @Test
  void cancelledContextCancelsTheOperation() throws Exception {
    compute((request, reply) -> {});
    try (Context.CancellableContext context = Context.current().withCancellation()) {
      var call = context.call(() -> layer.forwardAsync(Answers.ONE));
      requests.take();
      var other = layer.forwardAsync(Answers.ONE);
      requests.take();
      context.cancel(null);
      Throwable error = assertThrows(CompletionException.class, call::join).getCause();
      assertInstanceOf(CancelledException.class, error);
      assertEquals(1, requests.take().getCancelledRequestIdsCount());
      assertFalse(other.isDone());
      assertEquals(1, streams.get());
    }
  }

  @Test
  void errorIsItsOwnCalls() {
    Layer unknown = Answers.created(server, client).layer("unknown");
    NotFoundException error =
        assertThrows(NotFoundException.class, () -> unknown.forward(Answers.ONE));
    assertEquals("LAYER_NOT_FOUND", error.reason());
    assertEquals("l1", error.metadata().get("layer"));
    assertEquals(Answers.ONE, layer.forward(Answers.ONE));
    assertEquals(1, streams.get());
  }

  @Test
  void callOfABrokenStreamIsRepeatedUnderItsName() {
    breakOnce();
    assertEquals(Answers.ONE, layer.forward(Answers.ONE));
    assertEquals("c1", layer.latestForwardId());
    assertEquals(2, streams.get());
  }

  @Test
  void whatMustNotBeRepeatedIsNot() {
    breakOnce();
    Forward untracked = Forward.of(layer, Answers.ONE).untracked();
    assertThrows(UnavailableException.class, untracked::run);
    assertEquals(1, streams.get());
  }

  @Test
  void callsGoByThemselvesWhereStreamsAreRefused() {
    compute(
        (request, reply) ->
            reply.onError(Status.UNIMPLEMENTED.withDescription("no streams").asException()));
    server.answer(LayerServiceGrpc.getForwardMethod(), Answers::forwarded);
    server.answer(LayerServiceGrpc.getForwardMethod(), Answers::forwarded);
    assertEquals(Answers.ONE, layer.forward(Answers.ONE));
    assertEquals(Answers.ONE, layer.forwardAsync(Answers.ONE).join());
    assertEquals(1, streams.get());
  }

  @Test
  void largeOnesAndThoseWithHeadersGoByThemselves() {
    Tensor large = Tensor.of(new double[(1 << 19) + 1], (1 << 19) + 1);
    for (Forward forward :
        List.of(
            Forward.of(layer, large),
            Forward.of(layer, Answers.ONE).options(CallOption.header("tenant", "a")),
            Forward.of(layer, Answers.ONE).options(CallOption.gzip()))) {
      server.answer(LayerServiceGrpc.getForwardMethod(), Answers::forwarded);
      assertEquals(forward.inputs().get(0), forward.run().tensor());
    }
    assertEquals(3, server.seen(LayerServiceGrpc.getForwardMethod()).size());
    assertEquals(0, streams.get());
  }

  @Test
  void headersOfTheClientTravelWithTheStream() {
    try (Client tenant =
        Client.builder(server.address()).shareStream().header("tenant", "a").build()) {
      Answers.layer(server, tenant).forward(Answers.ONE);
    }
    assertEquals(1, streams.get());
  }

  private void compute(BiConsumer<ComputeRequest, StreamObserver<ComputeResponse>> take) {
    var answering =
        onRequest(
            (request, reply) -> {
              requests.add(request);
              take.accept(request, reply);
            });
    server.compute(
        reply -> {
          streams.incrementAndGet();
          return answering.apply(reply);
        });
  }

  private void breakOnce() {
    compute(
        (request, reply) -> {
          if (streams.get() == 1) {
            reply.onError(unavailable());
          } else {
            echo(request, reply);
          }
        });
  }

  /** Returns what has come until the operation was cancelled. */
  private List<ComputeRequest> await(String cancelledId) throws InterruptedException {
    List<ComputeRequest> seen = new ArrayList<>();
    do {
      seen.add(requests.take());
    } while (!seen.get(seen.size() - 1).getCancelledRequestIdsList().contains(cancelledId));
    return seen;
  }
}
