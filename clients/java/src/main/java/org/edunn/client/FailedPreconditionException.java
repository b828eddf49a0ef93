package org.edunn.client;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** A backward came before any forward, or its forward's context is gone or stale. */
public class FailedPreconditionException extends EdunnException {
  private static final long serialVersionUID = 1L;

  FailedPreconditionException(ServiceStatus status, @Nullable Throwable cause) {
    super(status, cause);
  }

  /** What the client itself noticed, rather than the service. */
  FailedPreconditionException(String reason, String message) {
    super(ServiceStatus.of(Status.Code.FAILED_PRECONDITION, reason, message), null);
  }
}
