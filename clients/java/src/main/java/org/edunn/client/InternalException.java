package org.edunn.client;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** A fault of the service; the message has an error id that its log has too. */
public class InternalException extends EdunnException {
  private static final long serialVersionUID = 1L;

  InternalException(ServiceStatus status, @Nullable Throwable cause) {
    super(status, cause);
  }

  /** What the client itself noticed, rather than the service. */
  InternalException(String message) {
    super(ServiceStatus.of(Status.Code.INTERNAL, message), null);
  }
}
