package org.edunn.client;

import org.jspecify.annotations.Nullable;

/** A session, layer or forward of that name exists already. */
public class AlreadyExistsException extends EdunnException {
  private static final long serialVersionUID = 1L;

  AlreadyExistsException(ServiceStatus status, @Nullable Throwable cause) {
    super(status, cause);
  }
}
