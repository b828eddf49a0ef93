package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.edunn.serving.v1.GetSessionRequest;
import org.edunn.serving.v1.GetSessionResponse;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Deadlines, cancellation, closing and the token. */
class CallsTest {
  private static final MethodDescriptor<GetSessionRequest, GetSessionResponse> GET_SESSION =
      LayerServiceGrpc.getGetSessionMethod();

  private ScriptedServer server;
  private Client client;
  // Opened when the server sees that nobody waits for its answer any more.
  private final CountDownLatch cancelled = new CountDownLatch(1);

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
  void everyCallHasADeadline() throws InterruptedException {
    answerNever();
    // Long enough for the call to reach the server, which could not see its end otherwise.
    Duration timeout = Duration.ofSeconds(3);
    try (Client hasty = Client.builder(server.address()).timeout(timeout).build()) {
      assertThrows(DeadlineExceededException.class, () -> hasty.getSession("s1"));
    }
    cancelled.await();
  }

  @Test
  void forwardHasADeadlineOfItsOwn() {
    Layer layer = Answers.layer(server, client);
    server.answer(LayerServiceGrpc.getForwardMethod(), request -> untilCancelled());
    Forward forward = Forward.of(layer, Answers.ONE).timeout(Duration.ofMillis(100));
    assertThrows(DeadlineExceededException.class, forward::run);
  }

  @Test
  void asyncCallHasADeadline() {
    answerNever();
    Duration timeout = Duration.ofMillis(100);
    try (Client hasty = Client.builder(server.address()).timeout(timeout).build()) {
      CompletionException failure =
          assertThrows(CompletionException.class, () -> hasty.getSessionAsync("s1").join());
      assertInstanceOf(DeadlineExceededException.class, failure.getCause());
    }
  }

  @Test
  void timeoutMustBePositive() {
    ClientBuilder builder = Client.builder(server.address());
    assertThrows(IllegalArgumentException.class, () -> builder.timeout(Duration.ZERO));
  }

  @Test
  void cancellingTheFutureCancelsTheCall() throws InterruptedException {
    answerNever();
    CompletableFuture<SessionInfo> call = client.getSessionAsync("s1");
    server.awaitSeen(GET_SESSION);
    assertTrue(call.cancel(true));
    cancelled.await();
  }

  @Test
  void futureThatTimesOutCancelsTheCall() throws InterruptedException {
    answerNever();
    CompletableFuture<SessionInfo> call = client.getSessionAsync("s1");
    server.awaitSeen(GET_SESSION);
    call.orTimeout(50, TimeUnit.MILLISECONDS);
    assertThrows(CompletionException.class, call::join);
    cancelled.await();
  }

  @Test
  void cancellingBetweenAttemptsEndsThem() throws InterruptedException {
    Duration delay = Duration.ofMillis(200);
    for (int i = 0; i < 2; i++) {
      server.fail(
          GET_SESSION, ScriptedServer.status(Status.Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", delay));
    }
    server.answer(GET_SESSION, Answers.session());
    CompletableFuture<SessionInfo> call = client.getSessionAsync("s1");
    server.awaitSeen(GET_SESSION);
    call.cancel(true);
    // A first call that went on would take the answer that the script has for this one, later.
    assertEquals("s1", client.getSession("another").sessionId());
    assertEquals(2, server.seen(GET_SESSION).size());
  }

  @Test
  void interruptingTheThreadCancelsTheCall() throws InterruptedException {
    answerNever();
    FutureTask<EdunnException> call =
        new FutureTask<>(
            () -> {
              EdunnException error =
                  assertThrows(EdunnException.class, () -> client.getSession("s1"));
              assertTrue(Thread.currentThread().isInterrupted());
              return error;
            });
    Thread thread = new Thread(call);
    thread.start();
    server.awaitSeen(GET_SESSION);
    thread.interrupt();
    cancelled.await();
    thread.join();
    assertEquals(Status.Code.CANCELLED, getNow(call).code());
  }

  @Test
  void cancelledContextCancelsTheCall() throws Exception {
    answerNever();
    try (Context.CancellableContext context = Context.current().withCancellation()) {
      CompletableFuture<SessionInfo> call = context.call(() -> client.getSessionAsync("s1"));
      server.awaitSeen(GET_SESSION);
      context.cancel(null);
      cancelled.await();
      CompletionException failure = assertThrows(CompletionException.class, call::join);
      assertEquals(Status.Code.CANCELLED, ((EdunnException) failure.getCause()).code());
    }
  }

  @Test
  void closingTheClientEndsCallsOfOtherThreads() throws InterruptedException {
    answerNever();
    CompletableFuture<SessionInfo> call = client.getSessionAsync("s1");
    server.awaitSeen(GET_SESSION);
    client.close();
    CompletionException failure = assertThrows(CompletionException.class, call::join);
    assertEquals(Status.Code.CANCELLED, ((EdunnException) failure.getCause()).code());
    assertThrows(IllegalStateException.class, () -> client.getSession("s1"));
  }

  @Test
  void tokenTravelsWithEveryCall() {
    server.answer(GET_SESSION, Answers.session());
    try (Client known = Client.builder(server.address()).token("abc").build()) {
      known.getSession("s1");
    }
    Metadata.Key<String> key = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    assertEquals("Bearer abc", server.headers.remove().get(key));
  }

  @Test
  void dependentStagesMayMakeCalls() {
    server.answer(GET_SESSION, Answers.session()).answer(GET_SESSION, Answers.session());
    SessionInfo second =
        client.getSessionAsync("s1").thenApply(first -> client.getSession("s1")).join();
    assertEquals("s1", second.sessionId());
  }

  private void answerNever() {
    server.answer(GET_SESSION, request -> untilCancelled());
  }

  private GetSessionResponse untilCancelled() {
    CountDownLatch over = new CountDownLatch(1);
    Context.current().addListener(context -> over.countDown(), Runnable::run);
    try {
      over.await();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    cancelled.countDown();
    throw Status.CANCELLED.asRuntimeException();
  }

  private static <T> T getNow(FutureTask<T> task) {
    try {
      return task.get();
    } catch (Exception failure) {
      throw new AssertionError(failure);
    }
  }
}
