/** gRPC statuses and their google.rpc details as errors of this library. */

import { createRegistry, fromBinary, isMessage } from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import type { ServiceError } from "@grpc/grpc-js";

import * as errors from "./errors.js";
import { EdunnError, type ErrorDetails, STATUS_CODES, type StatusCode } from "./errors.js";
import {
  type OperationError,
  OperationErrorSchema,
} from "./stubs/edunn_serving/v1/layer_service_pb.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "./stubs/google/rpc/error_details_pb.js";

const DETAILS = createRegistry(BadRequestSchema, ErrorInfoSchema, RetryInfoSchema);

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
  let reason: string | undefined;
  let metadata: Record<string, string> | undefined;
  let retryDelayMs: number | undefined;
  const violations: errors.Violation[] = [];
  for (const packed of status.details) {
    const detail = unlessMalformed(() => anyUnpack(packed, DETAILS));
    if (detail === undefined) continue;
    if (isMessage(detail, ErrorInfoSchema)) {
      reason = detail.reason;
      metadata = detail.metadata;
    } else if (isMessage(detail, BadRequestSchema)) {
      for (const { field, description } of detail.fieldViolations) {
        violations.push({ field, description });
      }
    } else if (isMessage(detail, RetryInfoSchema) && detail.retryDelay) {
      retryDelayMs = durationMs(detail.retryDelay);
    }
  }
  const details = { code, reason, violations, retryDelayMs, metadata };
  return new (CLASSES[code] ?? EdunnError)(status.message || code, details);
}

/** Returns the error of a call that failed in gRPC. */
export function errorFromCall(failure: ServiceError): EdunnError {
  const status = statusOf(failure);
  if (status !== undefined) return errorFromStatus(status);
  const code = STATUS_CODES[failure.code];
  return new (CLASSES[code] ?? EdunnError)(failure.details || code, { code, cause: failure });
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
