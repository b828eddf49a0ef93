/** An operation of a stream has a timeout of its own, and can be cancelled alone. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  CancelledError,
  Client,
  type ComputeStream,
  type Layer,
  type Operation,
  Tensor,
} from "edunn-client";

import type { ComputeRequest } from "#dist/stubs/edunn_serving/v1/layer_service_pb.js";

import { ScriptedServer, SESSION } from "./scripted-server.js";

const ONE = Tensor.from([1]);

/** Runs with a stream that answers nothing; `until` waits for what the service has been told. */
async function withSilence(
  run: (stream: ComputeStream, layer: Layer, told: Told) => Promise<void>,
): Promise<void> {
  await using server = await ScriptedServer.start();
  const told = new Told();
  server.compute = (call) => {
    call.on("data", (request: ComputeRequest) => {
      told.note(request);
    });
    call.on("end", () => {
      call.end();
    });
  };
  server.script.set("createSession", [{ session: SESSION }]);
  using client = new Client(server.address);
  const stream = client.stream();
  await run(stream, (await client.createSession()).layer("l1"), told);
  stream.cancel();
}

class Told {
  readonly timeouts: (number | undefined)[] = [];
  readonly cancelled: string[] = [];
  #wake = (): void => undefined;

  note({ operations, cancelledRequestIds }: ComputeRequest): void {
    for (const { timeout } of operations) {
      this.timeouts.push(timeout && Number(timeout.seconds) + timeout.nanos / 1e9);
    }
    this.cancelled.push(...cancelledRequestIds);
    this.#wake();
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

test("the service is told each timeout", () =>
  withSilence(async (stream, layer, told) => {
    const data = { inputs: ONE, target: ONE, loss: "l1" };
    void stream.forward(layer, ONE, { timeoutMs: 1_000 });
    void stream.backward(layer, ONE, { timeoutMs: 2_000 });
    void stream.step(layer, "Adam", { timeoutMs: 3_000 });
    void stream.trainStep(layer, data, "Adam", { timeoutMs: 4_000 });
    void stream.forward(layer, ONE, { timeoutMs: Infinity });
    void stream.forward(layer, ONE);
    await told.until(() => told.timeouts.length === 6);
    assert.deepEqual(told.timeouts, [1, 2, 3, 4, undefined, undefined]);
  }));

test("what is no time is refused", () =>
  withSilence((stream, layer) => {
    for (const timeoutMs of [0, -1, NaN]) {
      assert.throws(() => stream.forward(layer, ONE, { timeoutMs }), RangeError);
    }
    return Promise.resolve();
  }));

describe("a signal cancels an operation alone", () => {
  test("under way, which the service is told", () =>
    withSilence(async (stream, layer, told) => {
      const [controller, reason] = [new AbortController(), new Error("enough")];
      const first = stream.forward(layer, ONE, { signal: controller.signal });
      void stream.forward(layer, ONE);
      await told.until(() => told.timeouts.length === 2);
      controller.abort(reason);
      await assert.rejects(first, { name: "AbortError", reason: "CANCELLED", cause: reason });
      await told.until(() => told.cancelled.length > 0);
      assert.deepEqual(told.cancelled, ["1"]);
      assert.match(String(stream), /open, 1 operations without an answer/);
    }));

  test("not yet sent, which then is not sent", () =>
    withSilence(async (stream, layer, told) => {
      const controller = new AbortController();
      const first = stream.forward(layer, ONE, { signal: controller.signal });
      controller.abort();
      await assert.rejects(first, CancelledError);
      void stream.backward(layer, ONE, { timeoutMs: 1_000 });
      await told.until(() => told.timeouts.length > 0);
      assert.deepEqual([told.timeouts, told.cancelled], [[1], []]);
    }));

  test("before it is given", () =>
    withSilence(async (stream, layer) => {
      const signal = AbortSignal.abort();
      await assert.rejects(stream.forward(layer, ONE, { signal }), CancelledError);
      assert.equal(layer.forwardId, "");
    }));
});

test("what is no operation is a TypeError", async () => {
  using client = new Client("localhost:1");
  const wrong = { kind: "sideways" } as unknown as Operation;
  const results = client.compute([wrong]);
  await assert.rejects(results.next(), /an operation is of the kind .*, not sideways/);
});
