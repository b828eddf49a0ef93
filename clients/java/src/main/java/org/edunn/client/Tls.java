package org.edunn.client;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * How to trust the server, and how to be known to it. Immutable; every file is in PEM format.
 *
 * <pre>{@code
 * Tls.trusting(Path.of("ca.pem")).identity(Path.of("client.pem"), Path.of("client.key"))
 * }</pre>
 */
public final class Tls {
  private final Path authority;
  private final Path certificate;
  private final Path key;

  private Tls(Path authority, Path certificate, Path key) {
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
    return new Tls(authority, null, null);
  }

  /**
   * Shows a certificate to servers that ask for one.
   *
   * @param certificate the client's certificate chain
   * @param key its private key, PKCS #8 and not encrypted
   * @return the new description
   */
  public Tls identity(Path certificate, Path key) {
    return new Tls(authority, certificate, key);
  }

  ChannelCredentials credentials() {
    TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
    try {
      if (authority != null) {
        credentials.trustManager(authority.toFile());
      }
      if (certificate != null) {
        credentials.keyManager(certificate.toFile(), key.toFile());
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return credentials.build();
  }
}
