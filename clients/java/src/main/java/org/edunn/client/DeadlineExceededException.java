package org.edunn.client;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** The call's time was over before there was an answer. */
public class DeadlineExceededException extends EdunnException {
  private static final long serialVersionUID = 1L;

  DeadlineExceededException(ServiceStatus status, @Nullable Throwable cause) {
    super(status, cause);
  }

  /** What the client itself noticed, rather than the service. */
  DeadlineExceededException(String message) {
    super(ServiceStatus.of(Status.Code.DEADLINE_EXCEEDED, message), null);
  }
}
