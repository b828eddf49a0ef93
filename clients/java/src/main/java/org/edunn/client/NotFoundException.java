package org.edunn.client;

import org.jspecify.annotations.Nullable;

/** There is no such layer type, session, layer or forward. */
public class NotFoundException extends EdunnException {
  private static final long serialVersionUID = 1L;

  NotFoundException(ServiceStatus status, @Nullable Throwable cause) {
    super(status, cause);
  }
}
