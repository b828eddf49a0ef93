package org.edunn.client.probe;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.edunn.client.Client;
import org.edunn.client.ClientBuilder;
import org.edunn.client.Service;

/** What the tests across all clients run; see the conformance README. */
public final class Probe {
  private Probe() {}

  /**
   * Runs `sessions N`, `bench SECONDS` or `numbers N` against the service that EDUNN_TARGET names;
   * with EDUNN_SHARE_STREAM=1 the calls share a stream.
   */
  public static void main(String[] arguments) throws Exception {
    String mode = arguments.length == 2 ? arguments[0] : "";
    boolean share = "1".equals(System.getenv("EDUNN_SHARE_STREAM"));
    // As long as a call of `numbers` waits for a service that is killed meanwhile.
    ClientBuilder builder = Client.builder(Service.address()).timeout(Duration.ofMinutes(2));
    try (Client client = share ? builder.shareStream().build() : builder.build()) {
      switch (mode) {
        case "sessions" -> sessions(client, Integer.parseInt(arguments[1]));
        case "bench" -> System.out.println(new Bench(client).run(Double.parseDouble(arguments[1])));
        case "numbers" -> new Numbers(client).print(Integer.parseInt(arguments[1]));
        default ->
            throw new IllegalArgumentException("usage: sessions N | bench SECONDS | numbers N");
      }
    }
  }

  private static void sessions(Client client, int count) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      List<Future<String>> lines = new ArrayList<>();
      List<SeededSession> opened = new ArrayList<>();
      for (int seed = 0; seed < count; seed++) {
        opened.add(new SeededSession(client, seed));
      }
      for (SeededSession session : opened) {
        lines.add(threads.submit(session));
      }
      for (Future<String> line : lines) {
        System.out.println(line.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
