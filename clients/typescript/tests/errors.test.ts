import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import * as edunn from "edunn-client";
import {
  Client,
  EdunnError,
  NotFoundError,
  type StatusCode,
  Tensor,
  UnavailableError,
} from "edunn-client";

import { STATUS_CODES } from "#dist/errors.js";
import { errorFromStatus } from "#dist/status.js";
import { OperationErrorSchema } from "#dist/stubs/edunn_serving/v1/layer_service_pb.js";

import {
  detailsOf,
  plainStatus,
  forwarded,
  ScriptedServer,
  SESSION,
  status,
  type StatusSpec,
} from "./scripted-server.js";

const TYPED: Partial<Record<StatusCode, typeof EdunnError>> = {
  INVALID_ARGUMENT: edunn.InvalidArgumentError,
  NOT_FOUND: edunn.NotFoundError,
  ALREADY_EXISTS: edunn.AlreadyExistsError,
  FAILED_PRECONDITION: edunn.FailedPreconditionError,
  RESOURCE_EXHAUSTED: edunn.ResourceExhaustedError,
  UNAUTHENTICATED: edunn.UnauthenticatedError,
  DEADLINE_EXCEEDED: edunn.DeadlineExceededError,
  CANCELLED: edunn.CancelledError,
  UNAVAILABLE: edunn.UnavailableError,
  INTERNAL: edunn.InternalError,
};

function errorOf(code: StatusCode, spec: StatusSpec = {}): EdunnError {
  const details = detailsOf(spec);
  const message = spec.message ?? "no";
  return errorFromStatus(
    create(OperationErrorSchema, { code: STATUS_CODES.indexOf(code), message, details }),
  );
}

describe("each status has its class", () => {
  for (const code of STATUS_CODES.slice(1)) {
    test(code, () => {
      const error = errorOf(code);
      assert.equal(error.constructor, TYPED[code] ?? EdunnError);
      assert.equal(error.code, code);
      assert.equal(error.name, code === "CANCELLED" ? "AbortError" : error.constructor.name);
    });
  }
});

test("details become properties", () => {
  const error = errorOf("INVALID_ARGUMENT", {
    message: "no such p",
    reason: "BAD",
    violations: { "layer.config.p": "0 <= p < 1" },
    retryDelayMs: 1500,
  });
  assert.equal(error.message, "no such p");
  assert.equal(error.reason, "BAD");
  assert.deepEqual(error.violations, [{ field: "layer.config.p", description: "0 <= p < 1" }]);
  assert.equal(error.retryDelayMs, 1500);
  assert.deepEqual(error.metadata, { layer: "l1" });
});

test("a detail that cannot be read, or is unknown, leaves the others", () => {
  const [good] = detailsOf({ reason: "GOOD" });
  assert.ok(good);
  const error = errorFromStatus(
    create(OperationErrorSchema, {
      code: 5,
      message: "no",
      details: [
        { typeUrl: good.typeUrl, value: Uint8Array.of(0xff, 0xff) },
        { typeUrl: "type.googleapis.com/google.rpc.Unheard", value: Uint8Array.of(1) },
        good,
      ],
    }),
  );
  assert.equal(error.reason, "GOOD");
});

describe("a call's error", () => {
  async function failing(answer: ReturnType<typeof status>): Promise<EdunnError> {
    await using server = await ScriptedServer.start();
    using client = new Client(server.address, { retry: { attempts: 1 } });
    server.script.set("getSession", [answer]);
    const failure: unknown = await client.getSession("s1").catch((error: unknown) => error);
    assert.ok(failure instanceof EdunnError);
    return failure;
  }

  test("is typed and has the service's reason", async () => {
    const error = await failing(
      status("NOT_FOUND", { message: "no s1", reason: "SESSION_NOT_FOUND" }),
    );
    assert.ok(error instanceof NotFoundError);
    assert.equal(error.message, "no s1");
    assert.equal(error.reason, "SESSION_NOT_FOUND");
  });

  test("needs no details", async () => {
    const error = await failing(plainStatus("PERMISSION_DENIED"));
    assert.equal(error.code, "PERMISSION_DENIED");
    assert.equal(error.message, "plain");
    assert.equal(error.reason, "");
  });

  test("does without details that are no google.rpc.Status", async () => {
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from([0xff, 0xff, 0xff]));
    const error = await failing(plainStatus("NOT_FOUND", metadata));
    assert.ok(error instanceof NotFoundError);
    assert.equal(error.message, "plain");
  });

  test("does without details of another status, as a proxy that rewrote it leaves them", async () => {
    const { metadata } = status("NOT_FOUND", { reason: "SESSION_NOT_FOUND" });
    const error = await failing(plainStatus("UNAVAILABLE", metadata));
    assert.ok(error instanceof UnavailableError);
    assert.equal(error.reason, "UNAVAILABLE");
  });

  test("says UNAVAILABLE where nobody listens", async () => {
    using client = new Client("127.0.0.1:1", { retry: { attempts: 1 } });
    await assert.rejects(client.listLayerTypes(), UnavailableError);
  });
});

describe("a message beyond a limit has the reason TOO_LARGE", () => {
  const large = Tensor.ones([1_000]);

  test("on its way out", async () => {
    await using server = await ScriptedServer.start();
    const channelOptions = { "grpc.max_send_message_length": 1_000 };
    using client = new Client(server.address, { channelOptions });
    server.script.set("createSession", [{ session: SESSION }]);
    const layer = (await client.createSession()).layer("l1");
    await assert.rejects(layer.forward(large), {
      name: "ResourceExhaustedError",
      reason: "TOO_LARGE",
    });
    await using stream = client.stream();
    await assert.rejects(stream.forward(layer, large), { reason: "TOO_LARGE" });
  });

  test("on its way in", async () => {
    await using server = await ScriptedServer.start();
    const channelOptions = { "grpc.max_receive_message_length": 1_000 };
    using client = new Client(server.address, { channelOptions });
    server.script.set("createSession", [{ session: SESSION }]);
    server.script.set("forward", [forwarded]);
    const layer = (await client.createSession()).layer("l1");
    await assert.rejects(layer.forward(large), { reason: "TOO_LARGE" });
  });
});

test("an answer that is no message is an InternalError", async () => {
  await using server = await ScriptedServer.start();
  using client = new Client(server.address);
  server.script.set("getSession", [{}]);
  await assert.rejects(client.getSession("s1"), edunn.InternalError);
});
