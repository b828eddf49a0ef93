/**
 * What can go wrong, as one family of errors.
 *
 *     EdunnError
 *     ├── InvalidArgumentError       `violations` names the fields at fault
 *     ├── NotFoundError              no such layer type, session, layer or forward
 *     ├── AlreadyExistsError         a session, layer or forwardId of that name exists
 *     ├── FailedPreconditionError    a backward without a forward, or whose forward is gone or stale
 *     ├── ResourceExhaustedError     queue full, quota exceeded, or too large
 *     ├── UnauthenticatedError       no token, or none that the service knows
 *     ├── DeadlineExceededError      no answer in time
 *     ├── CancelledError             cancelled by an AbortSignal, or by closing the client
 *     ├── UnavailableError           the service, its store or its workers are away
 *     └── InternalError              a fault of the service; the message has an id that its log has
 *
 * A cancelled call's error has the `name` that JavaScript expects of one, AbortError.
 *
 * Any other gRPC status is an EdunnError itself. What a caller got wrong before anything was sent
 * is a TypeError or a RangeError.
 */

/** The name of a gRPC status. */
export type StatusCode = (typeof STATUS_CODES)[number];

/** The names of gRPC's statuses by their number. */
export const STATUS_CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** One field of a request at fault. */
export interface Violation {
  /** The field in the caller's terms, such as `layer.config.p`. */
  readonly field: string;
  /** What is wrong with it. */
  readonly description: string;
}

/** What a service says about an error besides its sentence. */
export interface ErrorDetails {
  /** gRPC's status; that of the class unless given. */
  readonly code?: StatusCode | undefined;
  /** A stable name such as `FORWARD_STALE`. */
  readonly reason?: string | undefined;
  /** The fields at fault. */
  readonly violations?: readonly Violation[] | undefined;
  /** After how many milliseconds trying again may help. */
  readonly retryDelayMs?: number | undefined;
  /** The variable parts of the message. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** What it follows from: the reason of the AbortSignal, or gRPC's own error. */
  readonly cause?: unknown;
}

/** A call that the service refused or could not finish. Its `message` is the service's sentence. */
export class EdunnError extends Error {
  /** gRPC's status. */
  readonly code: StatusCode;
  /**
   * A stable name such as `FORWARD_STALE`. Errors that this client makes have one too:
   * DEADLINE_EXCEEDED, UNAVAILABLE, CANCELLED, TOO_LARGE, NO_FORWARD, INTERNAL. Empty where a proxy
   * gave a status without one.
   */
  readonly reason: string;
  /** The fields at fault. */
  readonly violations: readonly Violation[];
  /** After how many milliseconds trying again may help; undefined where the service did not say. */
  readonly retryDelayMs: number | undefined;
  /** The variable parts of the message. */
  readonly metadata: Readonly<Record<string, string>>;

  /** Makes an error; whoever tests code that handles errors may. */
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code ?? "UNKNOWN";
    this.reason = details.reason ?? "";
    this.violations = details.violations ?? [];
    this.retryDelayMs = details.retryDelayMs;
    this.metadata = details.metadata ?? {};
  }

  /** The class's name. */
  override get name(): string {
    return this.constructor.name;
  }

  /** Returns what JSON can say of it, for structured logs. */
  toJSON(): ErrorDetails & { name: string; message: string } {
    const { name, message, code, reason, violations, retryDelayMs, metadata } = this;
    return { name, message, code, reason, violations, retryDelayMs, metadata };
  }
}

/** A malformed field, tensor, name or configuration; `violations` names the fields at fault. */
export class InvalidArgumentError extends EdunnError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, { code: "INVALID_ARGUMENT", ...details });
  }
}

/** There is no such layer type, session (or it is somebody else's), layer or forward. */
export class NotFoundError extends EdunnError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, { code: "NOT_FOUND", ...details });
  }
}

/** A session, a layer, or a forward with other inputs has that name. */
export class AlreadyExistsError extends EdunnError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, { code: "ALREADY_EXISTS", ...details });
  }
}

/** A backward without a forward, or whose forward is evicted or stale. */
export class FailedPreconditionError extends EdunnError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, { code: "FAILED_PRECONDITION", ...details });
  }
}

/** The queue is full, a quota is exceeded, or something is too large. */
export class ResourceExhaustedError extends EdunnError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, { code: "RESOURCE_EXHAUSTED", ...details });
  }
}

/** The service asks for a token, and the call brought none that it knows. */
export class UnauthenticatedError extends EdunnError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, { code: "UNAUTHENTICATED", ...details });
  }
}

/** The answer did not come in time. */
export class DeadlineExceededError extends EdunnError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, { code: "DEADLINE_EXCEEDED", reason: "DEADLINE_EXCEEDED", ...details });
  }
}

/** The call was cancelled: by an AbortSignal, whose reason is the `cause`, or by closing. */
export class CancelledError extends EdunnError {
  /** What JavaScript calls the error of something that was aborted. */
  override get name(): string {
    return "AbortError";
  }

  constructor(message: string, details?: ErrorDetails) {
    super(message, { code: "CANCELLED", reason: "CANCELLED", ...details });
  }
}

/** The service, its store or its workers are away. */
export class UnavailableError extends EdunnError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, { code: "UNAVAILABLE", reason: "UNAVAILABLE", ...details });
  }
}

/** A fault of the service. */
export class InternalError extends EdunnError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, { code: "INTERNAL", reason: "INTERNAL", ...details });
  }
}
