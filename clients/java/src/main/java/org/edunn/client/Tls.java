package org.edunn.client;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How to trust the server, and how to be known to it. Immutable; every file is in PEM format.
 *
 * <pre>{@code
 * Tls.trusting(Path.of("ca.pem")).identity(Path.of("client.pem"), Path.of("client.key"))
 * }</pre>
 */
public final class Tls {
  private final @Nullable Path authority;
  private final @Nullable Path certificate;
  private final @Nullable Path key;

  private Tls(@Nullable Path authority, @Nullable Path certificate, @Nullable Path key) {
    this.authority = authority;
    this.certificate = certificate;
    this.key = key;
  }

  /**
   * Trusts the certificate authorities that Java brings.
   *
   * @return the description
   */
  public static Tls usual() {
    return new Tls(null, null, null);
  }

  /**
   * Trusts an authority of your own.
   *
   * @param authority the authority's certificate
   * @return the description
   */
  public static Tls trusting(Path authority) {
    return new Tls(Objects.requireNonNull(authority, "authority"), null, null);
  }

  /**
   * Shows a certificate to servers that ask for one.
   *
   * @param certificate the client's certificate chain
   * @param key its private key, PKCS #8 and not encrypted
   * @return the new description
   */
  public Tls identity(Path certificate, Path key) {
    return new Tls(
        authority,
        Objects.requireNonNull(certificate, "certificate"),
        Objects.requireNonNull(key, "key"));
  }

  /** Returns the files. */
  @Override
  public String toString() {
    return "TLS trusting %s%s"
        .formatted(
            authority == null ? "Java's authorities" : authority,
            certificate == null ? "" : ", known by " + certificate);
  }

  ChannelCredentials credentials() {
    TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
    try {
      if (authority != null) {
        checkPem(authority, "CERTIFICATE");
        credentials.trustManager(authority.toFile());
      }
      if (certificate != null) {
        checkPem(certificate, "CERTIFICATE");
        checkPem(key, "PRIVATE KEY");
        credentials.keyManager(certificate.toFile(), key.toFile());
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return credentials.build();
  }

  /** Refuses a file of which gRPC would say that it finds no channel. */
  private static void checkPem(Path file, String what) throws IOException {
    String content = Files.readString(file, StandardCharsets.ISO_8859_1);
    if (!content.contains(what + "-----")) {
      throw new IllegalArgumentException(file + " has no " + what + " in PEM format");
    }
  }
}
