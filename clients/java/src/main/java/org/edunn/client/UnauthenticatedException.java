package org.edunn.client;

import org.jspecify.annotations.Nullable;

/** The call brought no token, or none that the service knows. */
public class UnauthenticatedException extends EdunnException {
  private static final long serialVersionUID = 1L;

  UnauthenticatedException(ServiceStatus status, @Nullable Throwable cause) {
    super(status, cause);
  }
}
