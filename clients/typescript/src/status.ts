/** gRPC statuses and their google.rpc details as errors of this library. */

import { fromBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import type { ServiceError } from "@grpc/grpc-js";

import { secondsOf } from "./duration.js";
import * as errors from "./errors.js";
import { EdunnError, type ErrorDetails, STATUS_CODES, type StatusCode } from "./errors.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "./stubs/edunn_client/error_details_pb.js";
import {
  type OperationError,
  OperationErrorSchema,
} from "./stubs/edunn_serving/v1/layer_service_pb.js";

const CLASSES: Partial<
  Record<StatusCode, new (message: string, details: ErrorDetails) => EdunnError>
> = {
  INVALID_ARGUMENT: errors.InvalidArgumentError,
  NOT_FOUND: errors.NotFoundError,
  ALREADY_EXISTS: errors.AlreadyExistsError,
  FAILED_PRECONDITION: errors.FailedPreconditionError,
  RESOURCE_EXHAUSTED: errors.ResourceExhaustedError,
  UNAUTHENTICATED: errors.UnauthenticatedError,
  DEADLINE_EXCEEDED: errors.DeadlineExceededError,
  CANCELLED: errors.CancelledError,
  UNAVAILABLE: errors.UnavailableError,
  INTERNAL: errors.InternalError,
};

/** Returns the error of a status that the service sent. */
export function errorFromStatus(status: OperationError): EdunnError {
  const code = STATUS_CODES[status.code] ?? "UNKNOWN";
  const details: Writable<ErrorDetails> = { code };
  for (const detail of status.details) {
    unlessMalformed(() => {
      readDetail(detail, details);
    });
  }
  return new (CLASSES[code] ?? EdunnError)(status.message || code, details);
}

/** Adds what one google.rpc detail says. One that is not of interest adds nothing. */
function readDetail({ typeUrl, value }: Any, details: Writable<ErrorDetails>): void {
  switch (typeUrl.slice(typeUrl.lastIndexOf("/") + 1)) {
    case "google.rpc.ErrorInfo": {
      const { reason, metadata } = fromBinary(ErrorInfoSchema, value);
      Object.assign(details, { reason, metadata });
      break;
    }
    case "google.rpc.BadRequest":
      details.violations = fromBinary(BadRequestSchema, value).fieldViolations.map(
        ({ field, description }) => ({ field, description }),
      );
      break;
    case "google.rpc.RetryInfo": {
      const { retryDelay } = fromBinary(RetryInfoSchema, value);
      if (retryDelay !== undefined) details.retryDelayMs = 1_000 * secondsOf(retryDelay);
    }
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Returns the error of a call that failed in gRPC.
 *
 * @param timeoutMs - how long the call was to take at most, where it had a deadline
 */
export function errorFromCall(failure: ServiceError, timeoutMs?: number): EdunnError {
  const status = statusOf(failure);
  if (status !== undefined) return errorFromStatus(status);
  const code = STATUS_CODES[failure.code];
  if (code === "DEADLINE_EXCEEDED" && timeoutMs !== undefined) {
    const message = `no answer within ${String(timeoutMs)} ms`;
    return new errors.DeadlineExceededError(message, { cause: failure });
  }
  // gRPC's own words, here and at the other end, for a message beyond its limit.
  const tooLarge = code === "RESOURCE_EXHAUSTED" && /message.* larger than/i.test(failure.details);
  return new (CLASSES[code] ?? EdunnError)(failure.details || code, {
    code,
    cause: failure,
    ...(tooLarge && { reason: "TOO_LARGE" }),
  });
}

/** Tells whether gRPC says that it had no connection to send a call over. */
export function wasNotSent({ code, details }: ServiceError): boolean {
  const words = /No connection established|Name resolution failed/;
  return STATUS_CODES[code] === "UNAVAILABLE" && words.test(details);
}

/** Returns the status with details that travelled beside gRPC's own, if one did and agrees. */
function statusOf(failure: ServiceError): OperationError | undefined {
  const [bytes] = failure.metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Uint8Array)) return undefined;
  // OperationError has the fields and numbers of google.rpc.Status.
  const status = unlessMalformed(() => fromBinary(OperationErrorSchema, bytes));
  // A proxy that rewrote the status leaves the details of another.
  return status?.code === failure.code ? status : undefined;
}

/** Returns what `parse` does, or undefined where the bytes are none of protobuf's. */
function unlessMalformed<Parsed>(parse: () => Parsed): Parsed | undefined {
  try {
    return parse();
  } catch {
    // Details only add to a status. It is told without those that cannot be read.
    return undefined;
  }
}
