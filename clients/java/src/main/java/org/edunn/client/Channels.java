package org.edunn.client;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.NameResolverRegistry;
import io.grpc.ProxyDetector;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** How a channel of the client's own is made. */
final class Channels {
  // A response may hold several tensors of the 64 MiB that the service accepts (a layer's
  // gradients). What is sent has no limit on this side.
  private static final int MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

  // The server closes the connection with too_many_pings if they come more often than each 10 s.
  private static final long KEEPALIVE_SECONDS = 30;
  private static final long KEEPALIVE_TIMEOUT_SECONDS = 10;

  static {
    NameResolverRegistry.getDefaultRegistry()
        .register(ServerList.provider(Threads.cached("edunn-client-dns")));
  }

  private Channels() {}

  static ManagedChannel open(Target target, ClientBuilder wanted, ExecutorService executor) {
    ChannelCredentials credentials =
        wanted.tls().map(Tls::credentials).orElseGet(InsecureChannelCredentials::create);
    ManagedChannelBuilder<?> channel =
        Grpc.newChannelBuilder(target.forGrpc(), credentials)
            .executor(executor)
            .userAgent("edunn-java/" + Client.VERSION)
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(KEEPALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    directIfLoopback(target).ifPresent(channel::proxyDetector);
    if (target.hasSeveralServers()) {
      channel.defaultLoadBalancingPolicy("round_robin");
    }
    wanted.channelOptions().accept(channel);
    return channel.build();
  }

  /** Whatever the proxy settings say: a proxy has another loopback. */
  private static Optional<ProxyDetector> directIfLoopback(Target target) {
    return target.isLoopback() ? Optional.of(address -> null) : Optional.empty();
  }
}
