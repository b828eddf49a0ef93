package org.edunn.client;

import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** How a connection is made: TLS, the bearer token, message sizes and keepalive. */
final class Channels {
  // A response may hold several tensors of the 64 MiB that the service accepts (a layer's
  // gradients). What is sent has no limit on this side.
  private static final int MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

  // The server closes the connection with too_many_pings if they come more often than each 10 s.
  private static final long KEEPALIVE_SECONDS = 30;
  private static final long KEEPALIVE_TIMEOUT_SECONDS = 10;

  private Channels() {}

  /** Null for `tls` is plaintext, for `token` none. */
  static ManagedChannel open(String address, Tls tls, String token, Executor executor) {
    ChannelCredentials credentials =
        tls == null ? InsecureChannelCredentials.create() : tls.credentials();
    ManagedChannelBuilder<?> channel =
        Grpc.newChannelBuilder(address, credentials)
            .executor(executor)
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(KEEPALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    if (token != null) {
      warnOfPlaintext(address, tls);
      channel.intercept(bearer(token));
    }
    return channel.build();
  }

  private static ClientInterceptor bearer(String token) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }

  private static void warnOfPlaintext(String address, Tls tls) {
    if (tls == null && !isLoopback(address)) {
      System.getLogger(Client.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "the token for {0} travels unencrypted: use tls(...)",
              address);
    }
  }

  private static boolean isLoopback(String address) {
    String host = address.substring(address.lastIndexOf('/') + 1);
    return host.matches("(localhost|127(\\.\\d+){3}|\\[::1])(:\\d+)?");
  }
}
