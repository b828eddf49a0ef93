/** What the real service makes of bad calls, through the client. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import {
  AlreadyExistsError,
  type Client,
  DeadlineExceededError,
  type EdunnError,
  FailedPreconditionError,
  type FloatTensor,
  InvalidArgumentError,
  NotFoundError,
  type Session,
  Tensor,
} from "edunn-client";

import {
  connect,
  type DropoutTest,
  G,
  inDropoutSession,
  needsService,
  X,
  zeros,
} from "./service.js";

describe("a bad call is explained and does no harm:", needsService, () => {
  let client: Client;
  before(() => {
    client = connect();
  });
  after(() => {
    client.close();
  });

  const withDropout = (run: DropoutTest): Promise<void> => inDropoutSession(client, run);

  const bad: [string, typeof EdunnError, (session: Session) => Promise<unknown>][] = [
    ["an unknown type", NotFoundError, (s) => s.addLayer("x", "Dropuot")],
    ["a value out of bounds", InvalidArgumentError, (s) => s.addLayer("x", "Dropout", { p: 1.5 })],
    [
      "a value of another type",
      InvalidArgumentError,
      (s) => s.addLayer<string>("x", "Dropout", { p: "x" }),
    ],
    ["NaN", InvalidArgumentError, (s) => s.addLayer("x", "Dropout", { p: NaN })],
    ["a name taken", AlreadyExistsError, (s) => s.addLayer("drop", "Dropout")],
    ["an unknown layer", NotFoundError, (s) => s.layer("gone").getParameters()],
    ["a backward first", FailedPreconditionError, (s) => s.layer("drop").backward(G)],
    ["an unknown forward", NotFoundError, (s) => s.layer("drop").backward(G, { forwardId: "?" })],
    ["too many inputs", InvalidArgumentError, (s) => s.layer("drop").forward([X, X])],
    [
      "integers",
      InvalidArgumentError,
      (s) => s.layer("drop").forward(Tensor.from([1, 2], "int32") as unknown as FloatTensor),
    ],
  ];
  for (const [name, kind, call] of bad) {
    test(name, () =>
      withDropout(async (drop, session) => {
        const failure: unknown = await call(session).catch((error: unknown) => error);
        assert.ok(failure instanceof kind, String(failure));
        assert.ok(failure.message.length > 10 && failure.reason !== "");
        const output = await drop.forward(X);
        assert.deepEqual(zeros((await drop.backward(G)).inputGradient), zeros(output));
      }),
    );
  }

  test("the field at fault is named", () =>
    withDropout(async (_, session) => {
      await assert.rejects(session.addLayer("x", "Dropout", { p: 1.5 }), (error: unknown) => {
        assert.ok(error instanceof InvalidArgumentError);
        assert.deepEqual(
          error.violations.map(({ field }) => field),
          ["layer.config.p"],
        );
        return true;
      });
    }));

  test("a forwardId with other inputs", () =>
    withDropout(async (drop) => {
      const first = await drop.forward(X, { forwardId: "f" });
      assert.deepEqual((await drop.forward(X, { forwardId: "f" })).data, first.data);
      await assert.rejects(drop.forward(G, { forwardId: "f" }), AlreadyExistsError);
    }));

  test("a deadline too short", () =>
    withDropout(async (drop) => {
      await assert.rejects(drop.forward(X, { timeoutMs: 0.001 }), DeadlineExceededError);
    }));
});
