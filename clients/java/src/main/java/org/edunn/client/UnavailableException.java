package org.edunn.client;

import io.grpc.Status;

/** The service, its store or its workers are away, or the connection broke. */
public class UnavailableException extends EdunnException {
  private static final long serialVersionUID = 1L;

  UnavailableException(ServiceStatus status, Throwable cause) {
    super(status, cause);
  }

  /** What the client itself noticed, rather than the service. */
  UnavailableException(String message) {
    super(ServiceStatus.of(Status.Code.UNAVAILABLE, message), null);
  }
}
