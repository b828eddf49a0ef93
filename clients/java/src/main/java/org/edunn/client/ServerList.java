package org.edunn.client;

import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.ProxiedSocketAddress;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * gRPC's way to the servers of a {@link Target}. Each is looked up in the DNS and known to TLS by
 * its own name.
 */
final class ServerList extends NameResolver {
  private static final String SCHEME = "edunn-servers";

  private final List<Target.Server> servers;
  private final Args args;
  private final Executor executor;
  private Listener2 listener;

  private ServerList(List<Target.Server> servers, Args args, Executor executor) {
    this.servers = servers;
    this.args = args;
    this.executor = executor;
  }

  /** Returns what gRPC calls these servers. */
  static String target(String servers) {
    try {
      return new URI(SCHEME, "", "/" + servers, null).toString();
    } catch (URISyntaxException impossible) {
      throw new IllegalArgumentException(impossible);
    }
  }

  /** Makes resolvers of this scheme, whose blocking work the executor does. */
  static NameResolverProvider provider(Executor executor) {
    return new Provider(executor);
  }

  @Override
  public String getServiceAuthority() {
    return servers.get(0).toString();
  }

  @Override
  public void start(Listener2 listener) {
    this.listener = listener;
    resolve();
  }

  @Override
  public void refresh() {
    resolve();
  }

  @Override
  public void shutdown() {
    // What is being looked up ends by itself, and nobody takes its result any more.
  }

  private void resolve() {
    executor.execute(
        () -> {
          StatusOr<List<EquivalentAddressGroup>> found = lookUp();
          args.getSynchronizationContext()
              .execute(
                  () ->
                      listener.onResult2(
                          ResolutionResult.newBuilder().setAddressesOrError(found).build()));
        });
  }

  /** Looks all servers up. One that is not found is left out, unless none is. */
  private StatusOr<List<EquivalentAddressGroup>> lookUp() {
    List<EquivalentAddressGroup> found = new ArrayList<>();
    Status first = null;
    for (Target.Server server : servers) {
      try {
        Attributes name =
            Attributes.newBuilder()
                .set(EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE, server.toString())
                .build();
        found.add(new EquivalentAddressGroup(addresses(server), name));
      } catch (IOException unknown) {
        if (first == null) {
          first =
              Status.UNAVAILABLE
                  .withDescription("Unable to resolve host " + server.host())
                  .withCause(unknown);
        }
      }
    }
    return found.isEmpty() ? StatusOr.fromStatus(first) : StatusOr.fromValue(found);
  }

  private List<SocketAddress> addresses(Target.Server server) throws IOException {
    InetSocketAddress unresolved = InetSocketAddress.createUnresolved(server.host(), server.port());
    ProxiedSocketAddress proxied = args.getProxyDetector().proxyFor(unresolved);
    if (proxied != null) {
      return List.of(proxied);
    }
    List<SocketAddress> addresses = new ArrayList<>();
    for (InetAddress address : InetAddress.getAllByName(server.host())) {
      addresses.add(new InetSocketAddress(address, server.port()));
    }
    return addresses;
  }

  private static final class Provider extends NameResolverProvider {
    private final Executor executor;

    Provider(Executor executor) {
      this.executor = executor;
    }

    @Override
    public NameResolver newNameResolver(URI target, Args args) {
      if (!SCHEME.equals(target.getScheme())) {
        return null;
      }
      List<Target.Server> servers =
          Arrays.stream(target.getPath().substring(1).split(","))
              .flatMap(server -> Target.parse(server).servers().stream())
              .toList();
      return new ServerList(servers, args, executor);
    }

    @Override
    public String getDefaultScheme() {
      return SCHEME;
    }

    @Override
    protected boolean isAvailable() {
      return true;
    }

    @Override
    protected int priority() {
      return 5;
    }
  }
}
