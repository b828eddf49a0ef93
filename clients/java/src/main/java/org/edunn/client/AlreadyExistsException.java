package org.edunn.client;

/** A session, layer or forward of that name exists already. */
public class AlreadyExistsException extends EdunnException {
  private static final long serialVersionUID = 1L;

  AlreadyExistsException(ServiceStatus status, Throwable cause) {
    super(status, cause);
  }
}
