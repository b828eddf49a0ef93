package org.edunn.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A call that the service refused or could not finish: the root of all such errors.
 *
 * <p>Each of the statuses that the service documents has a subclass; any other (CANCELLED, say) is
 * an EdunnException itself. Wrong use of this library that no service needs to judge, such as an
 * array that does not fill its shape, is an IllegalArgumentException or IllegalStateException as
 * elsewhere in Java.
 */
public class EdunnException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ServiceStatus status;

  EdunnException(ServiceStatus status, Throwable cause) {
    super(status.sentence(), cause);
    this.status = status;
  }

  /**
   * Returns the gRPC status.
   *
   * @return never OK
   */
  public Status.Code code() {
    return status.code();
  }

  /**
   * Returns the stable name of what went wrong.
   *
   * @return such as {@code FORWARD_STALE}; empty where the service gave none
   */
  public String reason() {
    return status.reason();
  }

  /**
   * Returns what went wrong in the service's words. {@link #getMessage()} adds reason and fields.
   *
   * @return a sentence
   */
  public String detail() {
    return status.message();
  }

  /**
   * Returns the fields at fault.
   *
   * @return all of them, empty where it is no field's fault
   */
  public List<Violation> violations() {
    return status.violations();
  }

  /**
   * Returns after what time trying again may help.
   *
   * @return empty where the service did not say
   */
  public Optional<Duration> retryDelay() {
    return Optional.ofNullable(status.retryDelay());
  }

  /**
   * Returns the variable parts of the message by name.
   *
   * @return such as {@code layer} or {@code session_id}
   */
  public Map<String, String> metadata() {
    return status.metadata();
  }
}
