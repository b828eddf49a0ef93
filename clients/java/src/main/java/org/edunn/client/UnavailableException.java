package org.edunn.client;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** The service, its store or its workers are away, or the connection broke. */
public class UnavailableException extends EdunnException {
  private static final long serialVersionUID = 1L;

  UnavailableException(ServiceStatus status, @Nullable Throwable cause) {
    super(status, cause);
  }

  /** What the client itself noticed, rather than the service. */
  UnavailableException(String message, @Nullable Throwable cause) {
    super(ServiceStatus.of(Status.Code.UNAVAILABLE, message), cause);
  }
}
