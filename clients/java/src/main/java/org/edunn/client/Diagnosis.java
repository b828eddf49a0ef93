package org.edunn.client;

import io.grpc.Status;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * What the caller has to change where a connection cannot be made. Trying again does not help
 * there.
 */
final class Diagnosis {
  private static final int TIMEOUT_MILLIS = 2000;

  private final Target target;
  private final boolean tls;

  Diagnosis(Target target, boolean tls) {
    this.target = target;
    this.tls = tls;
  }

  /**
   * Says in a sentence what is wrong with the connection; nothing if it may come by itself.
   *
   * @param status of a call that was not sent
   * @param everConnected whether the client has had a connection before, so that its settings are
   *     right
   */
  Optional<String> mistake(Status status, boolean everConnected) {
    List<Throwable> causes =
        Stream.iterate(status.getCause(), cause -> cause != null, Throwable::getCause).toList();
    String description = String.valueOf(status.getDescription());
    if (description.contains("First received frame was not SETTINGS")
        || causes.stream().anyMatch(cause -> contains(cause, "not SETTINGS"))) {
      return Optional.of(target + " answers, but not in gRPC (HTTP/2): is it another service?");
    }
    if (description.contains("ALPN")
        || causes.stream().anyMatch(cause -> contains(cause, "ALPN negotiation"))) {
      return Optional.of(target + " speaks TLS, but not gRPC (HTTP/2): is it another service?");
    }
    if (causes.stream().anyMatch(Diagnosis::isOfTls)) {
      // A server that dies, or is frozen, during the handshake may come back.
      boolean broken =
          causes.stream()
              .anyMatch(cause -> contains(cause, "closed") || contains(cause, "timed out"));
      return broken ? Optional.empty() : ofTls(causes);
    }
    if (everConnected) {
      return Optional.empty();
    }
    Optional<String> ofProxy = ofProxy(causes);
    if (ofProxy.isPresent()) {
      return ofProxy;
    }
    if (causes.stream().anyMatch(UnknownHostException.class::isInstance)) {
      return Optional.of(description + ": is the address " + target + " right?");
    }
    boolean closedAtOnce = causes.isEmpty() && description.contains("closed");
    if (!tls && closedAtOnce && target.servers().stream().anyMatch(Diagnosis::speaksTls)) {
      return Optional.of(target + " expects TLS: use tls(...)");
    }
    return Optional.empty();
  }

  private Optional<String> ofTls(List<Throwable> causes) {
    if (causes.stream().anyMatch(cause -> named(cause, "NotSslRecordException"))) {
      return Optional.of(target + " does not speak TLS: leave tls(...) out");
    }
    String last = String.valueOf(causes.get(causes.size() - 1).getMessage());
    if (last.contains("certification path") || last.contains("Trust anchor")) {
      return Optional.of(
          "the certificate of %s is of no trusted authority: use Tls.trusting(its certificate)"
              .formatted(target));
    }
    if (last.contains("CERTIFICATE_REQUIRED")) {
      return Optional.of(
          target + " asks for a certificate of the client's: use tls(...identity(...))");
    }
    if (last.startsWith("No subject alternative") || last.startsWith("No name matching")) {
      return Optional.of(
          "the certificate of %s is of another name: connect to the name it has (%s)"
              .formatted(target, last));
    }
    return Optional.of("there is no TLS connection to " + target + ": " + last);
  }

  private Optional<String> ofProxy(List<Throwable> causes) {
    boolean refusedByProxy =
        causes.stream().anyMatch(cause -> named(cause, "ProxyConnectException"));
    boolean unreachable = causes.stream().anyMatch(ConnectException.class::isInstance);
    return refusedByProxy || unreachable
        ? target.servers().stream()
            .filter(server -> !target.isLoopback())
            .flatMap(Diagnosis::proxiesFor)
            .findFirst()
            .map(
                proxy ->
                    "the proxy %s does not lead to %s: see https.proxyHost and http.nonProxyHosts"
                        .formatted(proxy, target))
        : Optional.empty();
  }

  private static Stream<String> proxiesFor(Target.Server server) {
    ProxySelector selector = ProxySelector.getDefault();
    return selector == null
        ? Stream.empty()
        : selector.select(URI.create("https://" + server)).stream()
            .filter(proxy -> proxy.type() == Proxy.Type.HTTP)
            .map(proxy -> (InetSocketAddress) proxy.address())
            .map(address -> address.getHostString() + ":" + address.getPort());
  }

  /** A plaintext connection that a TLS server closes looks as any other that breaks: ask it. */
  private static boolean speaksTls(Target.Server server) {
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    try (Socket plain = new Socket()) {
      plain.connect(new InetSocketAddress(server.host(), server.port()), TIMEOUT_MILLIS);
      plain.setSoTimeout(TIMEOUT_MILLIS);
      try (SSLSocket socket =
          (SSLSocket) factory.createSocket(plain, server.host(), server.port(), true)) {
        socket.startHandshake();
        return true;
      }
    } catch (IOException failure) {
      // Whoever shows a certificate speaks TLS, trusted or not.
      return Stream.iterate((Throwable) failure, cause -> cause != null, Throwable::getCause)
          .anyMatch(CertificateException.class::isInstance);
    }
  }

  private static boolean isOfTls(Throwable cause) {
    return cause instanceof SSLException
        || cause instanceof CertificateException
        || named(cause, "OpenSslException");
  }

  private static boolean named(Throwable cause, String name) {
    return cause.getClass().getSimpleName().contains(name);
  }

  private static boolean contains(Throwable cause, String text) {
    return String.valueOf(cause.getMessage()).contains(text);
  }
}
