package org.edunn.client.probe;

import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.edunn.client.Client;
import org.edunn.client.ComputeStream;
import org.edunn.client.Layer;
import org.edunn.client.LayerSpec;
import org.edunn.client.Session;
import org.edunn.client.Tensor;

/** How fast an 8x64 float64 Dropout forward in Training comes back. */
final class Bench {
  private static final int CALLERS = 64;

  private final Client client;
  private final Tensor input;

  Bench(Client client) {
    this.client = client;
    double[] values = new double[8 * 64];
    Arrays.fill(values, 1);
    input = Tensor.of(values, 8, 64);
  }

  /** Measures for so many seconds each with one caller, with 64 callers and with one stream. */
  String run(double seconds) throws Exception {
    long nanos = (long) (seconds * 1e9);
    // Not a part of what is asked for: without it the first numbers are those of the compiler.
    oneCaller(nanos / 4);
    double p50 = oneCaller(nanos);
    double unary = manyCallers(nanos) / seconds;
    double stream = oneStream(nanos) / seconds;
    return String.format(
        Locale.ROOT,
        "{\"p50_ms\": %.3f, \"unary_per_second\": %.0f, \"stream_per_second\": %.0f}",
        p50,
        unary,
        stream);
  }

  private double oneCaller(long nanos) {
    try (Session session = client.newSession().seed(0).create()) {
      Layer drop = dropout(session);
      LongStream.Builder times = LongStream.builder();
      long end = System.nanoTime() + nanos;
      for (long began = System.nanoTime(); began < end; began = System.nanoTime()) {
        drop.forward(input);
        times.add(System.nanoTime() - began);
      }
      long[] sorted = times.build().sorted().toArray();
      return sorted[sorted.length / 2] / 1e6;
    }
  }

  private long manyCallers(long nanos) throws Exception {
    AtomicLong done = new AtomicLong();
    ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
    try (Session session = client.newSession().seed(0).create()) {
      CompletableFuture<?>[] callers = new CompletableFuture<?>[CALLERS];
      Layer[] layers = new Layer[CALLERS];
      for (int i = 0; i < CALLERS; i++) {
        layers[i] = session.add(LayerSpec.of("drop" + i, "Dropout").config("p", 0.5));
      }
      long end = System.nanoTime() + nanos;
      for (int i = 0; i < CALLERS; i++) {
        Layer drop = layers[i];
        Runnable calls =
            () -> {
              while (System.nanoTime() < end) {
                drop.forward(input);
                done.incrementAndGet();
              }
            };
        callers[i] = CompletableFuture.runAsync(calls, threads);
      }
      CompletableFuture.allOf(callers).get();
    } finally {
      threads.shutdown();
      threads.awaitTermination(1, TimeUnit.MINUTES);
    }
    return done.get();
  }

  private long oneStream(long nanos) {
    AtomicLong done = new AtomicLong();
    AtomicLong failed = new AtomicLong();
    try (Session session = client.newSession().seed(0).create()) {
      Layer drop = dropout(session);
      try (ComputeStream stream = client.newStream().inFlight(CALLERS).open()) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
          stream
              .forward(drop, input)
              .whenComplete((output, error) -> (error == null ? done : failed).incrementAndGet());
        }
      }
    }
    if (failed.get() > 0) {
      throw new IllegalStateException(failed + " operations of the stream failed");
    }
    return done.get();
  }

  private static Layer dropout(Session session) {
    return session.add(LayerSpec.of("drop", "Dropout").config("p", 0.5));
  }
}
