package org.edunn.client;

import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;

/**
 * The results of operations that a thread of its own sends through a stream. Not the caller's
 * thread: an iterator of operations that waits for a result would wait for ever.
 */
final class RemoteResults implements Results {
  private final ComputeStream stream;
  // One for each operation that may be sent before a further result is taken.
  private final Semaphore room;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private Future<?> sending;
  // This and what follows belongs to the thread that takes the results.
  private Optional<OperationResult> next = Optional.empty();
  private long taken;
  private Optional<End> end = Optional.empty();

  private RemoteResults(ComputeStream stream, int inFlight) {
    this.stream = stream;
    room = new Semaphore(inFlight);
  }

  static Results start(
      ExecutorService executor,
      ComputeStream stream,
      int inFlight,
      Iterable<? extends Operation<?>> operations) {
    RemoteResults results = new RemoteResults(stream, inFlight);
    results.sending = executor.submit(() -> results.send(operations));
    return results;
  }

  @Override
  public boolean hasNext() {
    while (next.isEmpty() && (end.isEmpty() || taken < end.get().sent())) {
      Event event = await();
      if (event instanceof Came came) {
        next = Optional.of(came.result());
        taken++;
        room.release();
      } else if (event instanceof End over) {
        end = Optional.of(over);
      }
    }
    if (next.isEmpty() && end.isPresent() && end.get().failure().isPresent()) {
      throw end.get().failure().get();
    }
    return next.isPresent();
  }

  @Override
  public OperationResult next() {
    if (!hasNext()) {
      throw new NoSuchElementException("all results have been taken");
    }
    OperationResult result = next.orElseThrow();
    next = Optional.empty();
    return result;
  }

  @Override
  public void close() {
    sending.cancel(true);
    stream.cancel();
    next = Optional.empty();
    end = Optional.of(new End(taken, Optional.empty()));
  }

  @Override
  public String toString() {
    return "results of " + stream;
  }

  private Event await() {
    try {
      return events.take();
    } catch (InterruptedException interrupted) {
      throw Connection.interrupted(interrupted);
    }
  }

  private void send(Iterable<? extends Operation<?>> operations) {
    long sent = 0;
    Optional<RuntimeException> failure = Optional.empty();
    try {
      var source = operations.iterator();
      room.acquire();
      while (source.hasNext()) {
        submit(source.next());
        sent++;
        room.acquire();
      }
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException thrown) {
      failure = Optional.of(thrown);
    }
    events.add(new End(sent, failure));
    stream.close();
  }

  private <R> void submit(Operation<R> operation) {
    CompletableFuture<R> result = stream.submit(operation);
    result.whenComplete(
        (value, error) -> {
          if (error == null) {
            events.add(new Came(OperationResult.succeeded(operation, value)));
          } else if (error instanceof EdunnException known) {
            events.add(new Came(OperationResult.of(operation, known)));
          } else {
            events.add(
                new Came(
                    OperationResult.of(
                        operation, new CancelledException("the stream was cancelled", error))));
          }
        });
  }

  /** What the taking thread is told. */
  private sealed interface Event {}

  private record Came(OperationResult result) implements Event {}

  /** All operations have been sent, or no more can be. */
  private record End(long sent, Optional<RuntimeException> failure) implements Event {}
}
