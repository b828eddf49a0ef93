package org.edunn.client;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A small service on a free port of this machine, for the tests of programs that use this library.
 *
 * <pre>{@code
 * FakeLayer zero = FakeLayer.of(x -> Tensor.of(new double[] {0}, 1), g -> g);
 * try (FakeService service = FakeService.start(Map.of("Zero", zero));
 *     Client client = Client.connect(service.address());
 *     Session session = client.newSession().create()) {
 *   Tensor y = session.add(LayerSpec.of("zero", "Zero")).forward(x);
 * }
 * }</pre>
 *
 * <p>It answers over a real connection, and keeps sessions, layers, forwards and parameters as the
 * service does. It computes only what it is told, counts steps without making them, and knows no
 * randomness: where those matter, test against the service itself.
 */
public final class FakeService implements AutoCloseable {
  private final FakeMethods methods;
  private final Server server;

  private FakeService(FakeMethods methods, Server server) {
    this.methods = methods;
    this.server = server;
  }

  /**
   * Starts a service.
   *
   * @param layers by type what a layer computes; layers of other types pass on what they get
   * @return the service, to be closed
   */
  public static FakeService start(Map<String, FakeLayer> layers) {
    FakeMethods methods = new FakeMethods(Map.copyOf(Objects.requireNonNull(layers, "layers")));
    InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try {
      Server server =
          NettyServerBuilder.forAddress(loopback, InsecureServerCredentials.create())
              .maxInboundMessageSize(Integer.MAX_VALUE)
              .addService(methods)
              .build()
              .start();
      return new FakeService(methods, server);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /**
   * Returns where it listens.
   *
   * @return such as {@code localhost:41234}
   */
  public String address() {
    return "localhost:" + server.getPort();
  }

  /**
   * Lets the next call fail; called again, the one after that too. An operation of a stream counts
   * as a call.
   *
   * @param error such as {@link EdunnException#of} makes
   */
  public void failNext(EdunnException error) {
    methods.failures.add(Objects.requireNonNull(error, "error"));
  }

  /**
   * Returns the methods called so far; operations of a stream count as methods.
   *
   * @return gRPC's names in order, such as {@code Forward}
   */
  public List<String> calls() {
    return List.copyOf(methods.calls);
  }

  /** Stops at once. */
  @Override
  public void close() {
    try {
      server.shutdownNow().awaitTermination();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return "FakeService[" + address() + "]";
  }
}
