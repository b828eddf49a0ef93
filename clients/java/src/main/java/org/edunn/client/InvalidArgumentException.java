package org.edunn.client;

/** A field of the request is at fault; {@link #violations()} names it. */
public class InvalidArgumentException extends EdunnException {
  private static final long serialVersionUID = 1L;

  InvalidArgumentException(ServiceStatus status, Throwable cause) {
    super(status, cause);
  }
}
