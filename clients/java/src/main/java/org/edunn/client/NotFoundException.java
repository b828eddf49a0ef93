package org.edunn.client;

/** There is no such layer type, session, layer or forward. */
public class NotFoundException extends EdunnException {
  private static final long serialVersionUID = 1L;

  NotFoundException(ServiceStatus status, Throwable cause) {
    super(status, cause);
  }
}
