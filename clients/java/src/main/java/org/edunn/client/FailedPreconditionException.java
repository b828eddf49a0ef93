package org.edunn.client;

/** A backward came before any forward, or its forward's context is gone or stale. */
public class FailedPreconditionException extends EdunnException {
  private static final long serialVersionUID = 1L;

  FailedPreconditionException(ServiceStatus status, Throwable cause) {
    super(status, cause);
  }
}
