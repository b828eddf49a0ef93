package org.edunn.client;

import org.jspecify.annotations.Nullable;

/** The service's queue is full, a quota is exceeded, or something is too large. */
public class ResourceExhaustedException extends EdunnException {
  private static final long serialVersionUID = 1L;

  ResourceExhaustedException(ServiceStatus status, @Nullable Throwable cause) {
    super(status, cause);
  }
}
