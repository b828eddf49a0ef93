package org.edunn.client;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Where a client connects to: one server, or several that take turns.
 *
 * @param said what the caller wrote
 * @param servers the servers; empty for a target of gRPC's own, such as {@code dns:///}
 */
record Target(String said, List<Server> servers) {
  private static final Pattern OF_GRPC = Pattern.compile("(dns|unix|xds):.*");
  private static final Pattern URL = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://([^/?#@]*).*");
  private static final Pattern SERVER =
      Pattern.compile("(?<host>\\[[0-9A-Fa-f:.%]+]|[A-Za-z0-9._-]+):(?<port>[^:]*)");
  private static final String WRITE = ": write host:port, such as localhost:50051";

  /** One server. */
  record Server(String host, int port) {
    boolean isLoopback() {
      return host.toLowerCase(Locale.ROOT).matches("localhost|127(\\.\\d+){3}|\\[::1]");
    }

    @Override
    public String toString() {
      return host + ":" + port;
    }
  }

  /** Reads {@code host:port}, or several with commas between them. */
  static Target parse(String address) {
    Objects.requireNonNull(address, "address");
    if (OF_GRPC.matcher(address).matches()) {
      return new Target(address, List.of());
    }
    List<Server> servers =
        Arrays.stream(address.split(",", -1)).map(String::strip).map(Target::server).toList();
    return new Target(address, servers);
  }

  /** Returns what gRPC calls this target. */
  String forGrpc() {
    if (servers.isEmpty()) {
      return said;
    }
    String joined = servers.stream().map(Server::toString).collect(Collectors.joining(","));
    return hasSeveralServers() ? ServerList.target(joined) : joined;
  }

  boolean hasSeveralServers() {
    return servers.size() > 1;
  }

  boolean isLoopback() {
    return said.startsWith("unix:")
        || (!servers.isEmpty() && servers.stream().allMatch(Server::isLoopback));
  }

  @Override
  public String toString() {
    return said;
  }

  private static Server server(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("the address is empty" + WRITE);
    }
    Matcher url = URL.matcher(text);
    if (url.matches()) {
      String wanted = SERVER.matcher(url.group(1)).matches() ? url.group(1) : "host:port";
      throw new IllegalArgumentException(
          "the address \"%s\" is a URL: write %s".formatted(text, wanted));
    }
    Matcher parts = SERVER.matcher(text);
    if (parts.matches()) {
      return new Server(parts.group("host"), port(text, parts.group("port")));
    }
    if (text.chars().filter(character -> character == ':').count() > 1 && !text.contains("[")) {
      throw new IllegalArgumentException(
          "the address \"%s\" is IPv6 without brackets: write [host]:port, such as [::1]:50051"
              .formatted(text));
    }
    String fault = text.contains(":") ? "is no host:port" : "has no port";
    throw new IllegalArgumentException("the address \"" + text + "\" " + fault + WRITE);
  }

  private static int port(String text, String port) {
    if (port.isEmpty()) {
      throw new IllegalArgumentException("the address \"" + text + "\" has no port" + WRITE);
    }
    int number = port.matches("\\d{1,5}") ? Integer.parseInt(port) : 0;
    if (number < 1 || number > 65_535) {
      throw new IllegalArgumentException(
          "the port of \"%s\" is no number from 1 to 65535%s".formatted(text, WRITE));
    }
    return number;
  }
}
