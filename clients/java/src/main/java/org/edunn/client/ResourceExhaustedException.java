package org.edunn.client;

/** The service's queue is full, a quota is exceeded, or something is too large. */
public class ResourceExhaustedException extends EdunnException {
  private static final long serialVersionUID = 1L;

  ResourceExhaustedException(ServiceStatus status, Throwable cause) {
    super(status, cause);
  }
}
