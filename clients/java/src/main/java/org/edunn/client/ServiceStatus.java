package org.edunn.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.edunn.serving.v1.OperationError;
import org.jspecify.annotations.Nullable;

/**
 * What the service says about a failure: a gRPC status and its {@code google.rpc} details.
 *
 * @param retryDelay null where the service named none
 */
record ServiceStatus(
    Status.Code code,
    String message,
    String reason,
    List<Violation> violations,
    @Nullable Duration retryDelay,
    Map<String, String> metadata)
    implements Serializable {
  // The words of gRPC in Java, and of its other implementations.
  private static final Pattern TOO_LARGE =
      Pattern.compile("exceeds maximum size|larger than max", Pattern.CASE_INSENSITIVE);

  /** Returns what the client itself has noticed; the reason is the status's name. */
  static ServiceStatus of(Status.Code code, String message) {
    return of(code, code.name(), message);
  }

  static ServiceStatus of(Status.Code code, String reason, String message) {
    return new ServiceStatus(code, message, reason, List.of(), null, Map.of());
  }

  /** Returns the exception for a failed call. */
  static EdunnException exception(StatusRuntimeException failure) {
    return exception(failure.getStatus(), failure.getTrailers());
  }

  /** Returns the exception for a call that ended so; there may be no trailers. */
  static EdunnException exception(Status status, Metadata trailers) {
    // The cause is what gRPC itself met, such as a refused connection. Its own exception would say
    // nothing more, and it cannot be serialized.
    return of(status, trailers).toException(status.getCause());
  }

  /** Returns the exception for an operation of a stream. */
  static EdunnException exception(OperationError error) {
    Status.Code code = Status.fromCodeValue(error.getCode()).getCode();
    return of(code, error.getMessage(), error.getDetailsList()).toException(null);
  }

  /** Returns the message for people: the service's sentence, what it leaves out, the reason. */
  String sentence() {
    String fields =
        violations.stream()
            .filter(violation -> !message.contains(violation.description()))
            .map(violation -> "; " + violation.field() + ": " + violation.description())
            .collect(Collectors.joining());
    return "%s%s [%s]".formatted(message, fields, reason.isEmpty() ? code : reason);
  }

  private static ServiceStatus of(Status status, Metadata trailers) {
    try {
      com.google.rpc.Status details = StatusProto.fromStatusAndTrailers(status, trailers);
      return of(status.getCode(), sentence(status, details), details.getDetailsList());
    } catch (IllegalArgumentException unreadable) {
      // The details contradict the status or are no message, as a proxy might leave them.
      return of(status.getCode(), status.getDescription(), List.of());
    }
  }

  /** Of a broken connection gRPC says "io exception"; which and why is in the cause. */
  private static String sentence(Status status, com.google.rpc.Status details) {
    Throwable cause = status.getCause();
    // Its further lines are about the inner parts of a connection.
    String first = details.getMessage().lines().findFirst().orElse("");
    return cause == null ? details.getMessage() : first + ": " + cause.getMessage();
  }

  private static ServiceStatus of(Status.Code code, String message, List<Any> details) {
    String reason = reasonOfGrpc(code, message);
    Map<String, String> metadata = Map.of();
    List<Violation> violations = new ArrayList<>();
    Duration retryDelay = null;
    for (Any detail : details) {
      try {
        if (detail.is(ErrorInfo.class)) {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          reason = info.getReason();
          metadata = Map.copyOf(info.getMetadataMap());
        } else if (detail.is(BadRequest.class)) {
          for (var violation : detail.unpack(BadRequest.class).getFieldViolationsList()) {
            violations.add(new Violation(violation.getField(), violation.getDescription()));
          }
        } else if (detail.is(RetryInfo.class)) {
          retryDelay = Durations.fromWire(detail.unpack(RetryInfo.class).getRetryDelay());
        }
      } catch (InvalidProtocolBufferException unreadable) {
        // The status itself still says what went wrong; this detail adds nothing to it.
        continue;
      }
    }
    String said = message == null || message.isEmpty() ? code.name() : message;
    return new ServiceStatus(code, said, reason, List.copyOf(violations), retryDelay, metadata);
  }

  /** Returns the reason of an error that comes from gRPC on either side, not from the service. */
  private static String reasonOfGrpc(Status.Code code, String message) {
    return switch (code) {
      case DEADLINE_EXCEEDED, UNAVAILABLE, CANCELLED -> code.name();
      case RESOURCE_EXHAUSTED -> TOO_LARGE.matcher("" + message).find() ? "TOO_LARGE" : "";
      default -> "";
    };
  }

  EdunnException toException(@Nullable Throwable cause) {
    return switch (code) {
      case INVALID_ARGUMENT -> new InvalidArgumentException(this, cause);
      case NOT_FOUND -> new NotFoundException(this, cause);
      case ALREADY_EXISTS -> new AlreadyExistsException(this, cause);
      case FAILED_PRECONDITION -> new FailedPreconditionException(this, cause);
      case RESOURCE_EXHAUSTED -> new ResourceExhaustedException(this, cause);
      case UNAUTHENTICATED -> new UnauthenticatedException(this, cause);
      case DEADLINE_EXCEEDED -> new DeadlineExceededException(this, cause);
      case UNAVAILABLE -> new UnavailableException(this, cause);
      case CANCELLED -> new CancelledException(this, cause);
      case INTERNAL -> new InternalException(this, cause);
      default -> new EdunnException(this, cause);
    };
  }
}
