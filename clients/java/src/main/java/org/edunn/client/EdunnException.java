package org.edunn.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A call that the service refused or could not finish: the root of all such errors.
 *
 * <p>Each of the statuses that the service documents has a subclass; any other is an EdunnException
 * itself. Wrong use of this library that no service needs to judge, such as an array that does not
 * fill its shape, is an IllegalArgumentException or IllegalStateException as elsewhere in Java.
 */
public class EdunnException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ServiceStatus status;

  EdunnException(ServiceStatus status, @Nullable Throwable cause) {
    super(status.sentence(), cause);
    this.status = status;
  }

  /**
   * Makes an error such as a call throws, for a stand-in of the service in a test.
   *
   * @param code decides the class: {@link NotFoundException} for NOT_FOUND
   * @param reason such as {@code LAYER_NOT_FOUND}
   * @param detail a sentence
   * @return the error
   */
  public static EdunnException of(Status.Code code, String reason, String detail) {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(reason, "reason");
    Objects.requireNonNull(detail, "detail");
    return ServiceStatus.of(code, reason, detail).toException(null);
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
   * @return such as {@code FORWARD_STALE}, of what the client itself noticed the status's name,
   *     such as {@code DEADLINE_EXCEEDED}; empty where there is none
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
