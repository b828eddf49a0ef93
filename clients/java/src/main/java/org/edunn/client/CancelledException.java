package org.edunn.client;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * The call ended as its caller no longer waits: its thread was interrupted (and still is), its
 * context was cancelled, or the client was closed.
 */
public class CancelledException extends EdunnException {
  private static final long serialVersionUID = 1L;

  CancelledException(ServiceStatus status, @Nullable Throwable cause) {
    super(status, cause);
  }

  /** What the client itself noticed, rather than the service. */
  CancelledException(String message, @Nullable Throwable cause) {
    super(ServiceStatus.of(Status.Code.CANCELLED, message), cause);
  }
}
