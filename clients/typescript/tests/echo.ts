/** A Compute stream that answers at once what it is sent. */

import assert from "node:assert/strict";

import type { ServerDuplexStream } from "@grpc/grpc-js";

import type {
  ComputeOperation,
  ComputeRequest,
  ComputeResponse,
} from "#dist/stubs/edunn_serving/v1/layer_service_pb.js";

import { detailsOf } from "./scripted-server.js";

/** The server's half of a Compute stream. */
export type ComputeCall = ServerDuplexStream<ComputeRequest, ComputeResponse>;

/** Answers a forward with its input, a backward with its gradient under its forward's name. */
export function resultOf({ requestId, operation }: ComputeOperation): unknown {
  if (operation.case === "backward") {
    const { forwardId, outputGradient } = operation.value;
    const parameterGradients = { [forwardId]: outputGradient };
    return {
      requestId,
      result: { case: "backward", value: { inputGradient: outputGradient, parameterGradients } },
    };
  }
  assert.equal(operation.case, "forward");
  const { layer, inputs, forwardId } = operation.value;
  if (layer === "unknown") {
    const details = detailsOf({ reason: "LAYER_NOT_FOUND" });
    const value = { code: 5, message: "no layer", details };
    return { requestId, result: { case: "error", value } };
  }
  return {
    requestId,
    result: { case: "forward", value: { output: inputs[0], forwardId, phase: 1 } },
  };
}

/** Answers some operations. */
export function answer(call: ComputeCall, operations: readonly ComputeOperation[]): void {
  call.write({ results: operations.map(resultOf) } as ComputeResponse);
}

/** Answers every operation. */
export function echo(call: ComputeCall): void {
  call.on("data", ({ operations }: ComputeRequest) => {
    answer(call, operations);
  });
  call.on("end", () => {
    call.end();
  });
}
