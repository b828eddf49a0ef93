package org.edunn.client;

import org.jspecify.annotations.Nullable;

/** A field of the request is at fault; {@link #violations()} names it. */
public class InvalidArgumentException extends EdunnException {
  private static final long serialVersionUID = 1L;

  InvalidArgumentException(ServiceStatus status, @Nullable Throwable cause) {
    super(status, cause);
  }
}
