package org.edunn.client;

import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Sends a token with every call. It is asked for anew for each, in a thread that may wait. */
final class BearerToken extends CallCredentials {
  private static final Metadata.Key<String> KEY =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** What is wrong with a token that cannot be sent. gRPC would leave it out, and log it. */
  static final String UNSENDABLE =
      "the token has characters that no header may have, such as a line break or a letter beyond"
          + " ASCII: strip() one that comes from a file";

  private final Supplier<String> token;

  BearerToken(Supplier<String> token) {
    this.token = token;
  }

  @Override
  public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
    executor.execute(
        () -> {
          try {
            String given = token.get();
            if (!Header.canBeSent(given)) {
              applier.fail(Status.UNAUTHENTICATED.withDescription(UNSENDABLE));
              return;
            }
            Metadata headers = new Metadata();
            headers.put(KEY, "Bearer " + given);
            applier.apply(headers);
          } catch (RuntimeException failure) {
            applier.fail(
                Status.UNAUTHENTICATED
                    .withDescription("the client's token provider failed")
                    .withCause(failure));
          }
        });
  }
}
