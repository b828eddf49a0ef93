/** The client against the real service. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import {
  AlreadyExistsError,
  type Client,
  FailedPreconditionError,
  type FloatTensor,
  NotFoundError,
  type Operation,
  type Result,
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

describe("the service", needsService, () => {
  let client: Client;
  before(() => {
    client = connect();
  });
  after(() => {
    client.close();
  });

  const withDropout = (run: DropoutTest, seed?: bigint): Promise<void> =>
    inDropoutSession(client, run, seed);

  describe("a layer", () => {
    test("drops in training what its gradient drops, and doubles the rest", () =>
      withDropout(async (drop) => {
        const output = await drop.forward(X);
        assert.ok(zeros(output).includes(true) && zeros(output).includes(false));
        assert.deepEqual(
          output.data,
          X.data.map((value, i) => (output.data[i] === 0 ? 0 : 2 * value)),
        );
        const { inputGradient, parameterGradients } = await drop.backward(G);
        assert.deepEqual(inputGradient.shape, [4, 10]);
        assert.deepEqual(zeros(inputGradient), zeros(output));
        assert.deepEqual(parameterGradients, {});
      }));

    test("is the identity in the test phase, of one forward or from now on", () =>
      withDropout(async (drop) => {
        const once = await drop.forward(X, { phase: "test" });
        assert.equal(once.phase, "test");
        assert.deepEqual(once.data, X.data);
        assert.equal((await drop.forward(X)).phase, "training");
        drop.setPhase("test");
        assert.equal(drop.phase, "test");
        assert.equal((await drop.forward(X)).phase, "test");
        assert.deepEqual((await drop.backward(G)).inputGradient.data, G.data);
      }));

    test("takes the session's phase", async () => {
      await using session = await client.createSession({ phase: "test" });
      const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
      assert.equal(drop.phase, "test");
      assert.deepEqual((await drop.forward(X)).data, X.data);
    });

    test("goes back through the forward that is named", () =>
      withDropout(async (drop) => {
        const [first, named] = [
          await drop.forward(X),
          await drop.forward(X, { forwardId: "mine" }),
        ];
        assert.deepEqual([first.forwardId, named.forwardId], ["c1", "mine"]);
        const { inputGradient } = await drop.backward(G, { forwardId: first.forwardId });
        assert.deepEqual(zeros(inputGradient), zeros(first));
        assert.deepEqual(zeros((await drop.backward(G)).inputGradient), zeros(named));
      }));

    test("goes back through the latest of forwards that were under way together", () =>
      withDropout(async (drop) => {
        const outputs = await Promise.all(Array.from({ length: 20 }, () => drop.forward(X)));
        assert.equal(drop.forwardId, "c20");
        const { inputGradient } = await drop.backward(G);
        assert.deepEqual(zeros(inputGradient), zeros(outputs[19] as Tensor<Float64Array>));
      }));

    test("goes back through no forward but its own object's", () =>
      withDropout(async (drop, session) => {
        const output = await drop.forward(X);
        await using attached = await client.attachSession(session.sessionId);
        const other = attached.layer("drop");
        assert.equal(attached.layer("drop"), other);
        await assert.rejects(other.backward(G), {
          name: "FailedPreconditionError",
          reason: "NO_FORWARD",
          message: /layer "drop" has had no tracked forward through this object/,
        });
        await using stream = client.stream();
        await assert.rejects(stream.backward(other, G), { reason: "NO_FORWARD" });
        const named = await other.backward(G, { forwardId: output.forwardId });
        assert.deepEqual(zeros(named.inputGradient), zeros(output));
        await other.forward(X, { untracked: true });
        await assert.rejects(other.backward(G), { reason: "NO_FORWARD" });
      }));

    test("does not guess in a stream the name that the service is to give", () =>
      withDropout(async (drop) => {
        await using stream = client.stream();
        const forward = stream.forward(drop, X, { forwardId: "" });
        await assert.rejects(stream.backward(drop, G), { reason: "NO_FORWARD" });
        assert.equal((await forward).forwardId, "#1");
        const { inputGradient } = await stream.backward(drop, G);
        assert.deepEqual(zeros(inputGradient), zeros(await forward));
      }));

    test("keeps nothing of an untracked forward", () =>
      withDropout(async (drop) => {
        const output = await drop.forward(X);
        assert.equal((await drop.forward(X, { untracked: true, phase: "test" })).forwardId, "");
        assert.equal((await drop.forward(X, { untracked: true })).forwardId, "c2");
        assert.equal(drop.forwardId, "c1");
        assert.deepEqual(zeros((await drop.backward(G)).inputGradient), zeros(output));
      }));

    test("lets the service name a forward", () =>
      withDropout(async (drop) => {
        const output = await drop.forward(X, { forwardId: "" });
        assert.equal(output.forwardId, "#1");
        assert.deepEqual(zeros((await drop.backward(G)).inputGradient), zeros(output));
      }));

    test("keeps the element type", () =>
      withDropout(async (drop) => {
        const x = new Tensor(Float32Array.from(X.data), X.shape);
        const output = await drop.forward(x);
        assert.ok(output.data instanceof Float32Array);
        const gradient = new Tensor(Float32Array.from(G.data), G.shape);
        assert.equal((await drop.backward(gradient)).inputGradient.dtype, "float32");
      }));

    test("of a loss takes labels and predictions", async () => {
      await using session = await client.createSession();
      const loss = await session.addLayer("loss", "CrossEntropyWithLabels");
      const labels = Tensor.from([0n, 1n], "int64");
      const predictions = Tensor.from([
        [0.5, 0.5],
        [0.2, 0.8],
      ]);
      const output = await loss.forward([labels, predictions]);
      assert.deepEqual(output.shape, [2, 1]);
      assert.ok(Math.abs((output.data[1] ?? 0) + Math.log(0.8)) < 1e-9);
      const { inputGradient } = await loss.backward(Tensor.ones([2, 1]));
      assert.deepEqual(inputGradient.shape, [2, 2]);
    });
  });

  test("64 MiB travel both ways", async () => {
    await using session = await client.createSession();
    const relu = await session.addLayer("relu", "ReLU");
    const x = Tensor.ones([8, 1024, 1024]);
    const output = await relu.forward(x, { untracked: true, timeoutMs: 120_000 });
    assert.ok(Buffer.from(output.data.buffer).equals(Buffer.from(x.data.buffer)));
  });

  test("a tensor beyond what the service takes is refused as TOO_LARGE", async () => {
    await using session = await client.createSession();
    const relu = await session.addLayer("relu", "ReLU");
    const x = Tensor.zeros([81, 1024, 128]);
    await assert.rejects(relu.forward(x), { name: "ResourceExhaustedError", reason: "TOO_LARGE" });
  });

  describe("parameters", () => {
    const w = new Tensor(
      Float64Array.from({ length: 30 }, (_, i) => i),
      [10, 3],
    );

    test("are given, read and replaced", async () => {
      await using session = await client.createSession();
      const config = { input_size: 10, output_size: 3 };
      const linear = await session.addLayer("l1", "Linear", config, { parameters: { w } });
      assert.deepEqual(linear.parameterInfo, [{ name: "w", dtype: "float64", shape: [10, 3] }]);
      assert.deepEqual((await linear.getParameters())["w"], w);
      const doubled = new Tensor(
        w.data.map((value) => 2 * value),
        w.shape,
      );
      await linear.setParameters({ w: doubled });
      assert.deepEqual((await linear.getParameters())["w"], doubled);
    });

    test("once replaced make earlier forwards stale", async () => {
      await using session = await client.createSession();
      const linear = await session.addLayer("l1", "Linear", { input_size: 10, output_size: 3 });
      await linear.forward(X);
      await linear.setParameters({ w });
      const failure: unknown = await linear.backward(Tensor.ones([4, 3])).catch((e: unknown) => e);
      assert.ok(failure instanceof FailedPreconditionError);
      assert.equal(failure.reason, "FORWARD_STALE");
    });

    test("come with the buffers", async () => {
      await using session = await client.createSession();
      const norm = await session.addLayer("norm", "BatchNorm", { num_features: 10 });
      await norm.forward(X);
      const names = Object.keys(await norm.getParameters()).sort();
      assert.deepEqual(names, ["b", "running_mean", "running_var", "w"]);
      const { parameterGradients } = await norm.backward(G);
      assert.deepEqual(Object.keys(parameterGradients).sort(), ["b", "w"]);
    });

    test("of a Sequential name their layer", async () => {
      await using session = await client.createSession({ seed: 1 });
      const layers = [
        { name: "l1", type: "Linear", config: { input_size: 10, output_size: 3 } },
        { name: "r", type: "ReLU" },
      ];
      const net = await session.addLayer("net", "Sequential", { layers });
      assert.deepEqual(net.config, { layers });
      await net.forward(X);
      const { parameterGradients } = await net.backward(Tensor.ones([4, 3]));
      assert.deepEqual(Object.keys(parameterGradients), ["l1(w)"]);
    });
  });

  describe("a session", () => {
    test("ends with its block", async () => {
      let sessionId: string;
      {
        await using session = await client.createSession();
        ({ sessionId } = session);
        assert.equal((await client.getSession(sessionId)).sessionId, sessionId);
      }
      await assert.rejects(client.getSession(sessionId), {
        name: "NotFoundError",
        reason: "SESSION_NOT_FOUND",
      });
    });

    test("ends by delete, and may have ended before", async () => {
      const session = await client.createSession();
      await session.delete();
      await session.delete();
    });

    test("tells how it stands", async () => {
      const seed = 2n ** 64n - 1n;
      const sessionId = `typescript-${randomUUID()}`;
      await using session = await client.createSession({ seed, sessionId, ttlSeconds: 90.5 });
      await session.addLayer("drop", "Dropout", { p: 0.25 });
      assert.deepEqual([session.sessionId, session.seed], [sessionId, seed]);
      assert.deepEqual(
        session.info.layers.map(({ name }) => name),
        ["drop"],
      );
      const { layers, ttlSeconds, createTime, expireTime, ...info } = await session.refresh();
      assert.deepEqual(info, { sessionId, seed, phase: "training" });
      assert.deepEqual(layers, [
        { name: "drop", type: "Dropout", config: { p: 0.25 }, parameters: [] },
      ]);
      assert.equal(ttlSeconds, 90.5);
      assert.ok(Math.abs(createTime.getTime() - Date.now()) < 60_000);
      assert.ok(expireTime > createTime);
      await assert.rejects(client.createSession({ sessionId }), AlreadyExistsError);
    });

    test("attached to lives on, and its forwards have names of their own", () =>
      withDropout(async (drop, session) => {
        {
          await using attached = await client.attachSession(session.sessionId);
          const other = attached.layer("drop");
          assert.deepEqual([other.type, other.config], ["Dropout", { p: 0.5 }]);
          const [first, second] = [await drop.forward(X), await other.forward(X)];
          assert.notEqual(first.forwardId, second.forwardId);
          assert.deepEqual(zeros((await drop.backward(G)).inputGradient), zeros(first));
          assert.deepEqual(zeros((await other.backward(G)).inputGradient), zeros(second));
        }
        await session.refresh();
      }));

    test("takes a layer that another client added on trust until it asks", () =>
      withDropout(async (_, session) => {
        const attached = await client.attachSession(session.sessionId);
        await session.addLayer("late", "ReLU");
        const late = attached.layer("late");
        assert.deepEqual((await late.forward(X)).data, X.data);
        assert.equal(late.type, "");
        await attached.refresh();
        assert.equal(late.type, "ReLU");
        assert.equal(attached.layers.get("late"), late);
      }));

    test("of the same seed and the same calls has the same masks", async () => {
      const masks: boolean[][] = [];
      for (const seed of [5n, 5n, 6n]) {
        await withDropout(async (drop) => {
          masks.push([...zeros(await drop.forward(X)), ...zeros(await drop.forward(X))]);
        }, seed);
      }
      assert.deepEqual(masks[0], masks[1]);
      assert.notDeepEqual(masks[0], masks[2]);
    });
  });

  test("the catalogue tells what there is", async () => {
    const dropout = (await client.listLayerTypes()).find(({ type }) => type === "Dropout");
    assert.ok(dropout);
    const [p] = dropout.configFields;
    assert.deepEqual([p?.name, p?.type, p?.defaultValue], ["p", "float", 0.5]);
    assert.equal(dropout.inputs.length, 1);
  });

  test("a hundred sessions at once match their masks", async () => {
    const run = (seed: bigint): Promise<void> =>
      withDropout(async (drop) => {
        const output = await drop.forward(X);
        const { inputGradient } = await drop.backward(G);
        assert.deepEqual(zeros(inputGradient), zeros(output));
      }, seed);
    await Promise.all(Array.from({ length: 100 }, (_, i) => run(BigInt(i))));
  });

  describe("a stream", () => {
    test("computes what calls compute", async () => {
      const expected: FloatTensor[] = [];
      await withDropout(async (drop) => {
        for (let i = 0; i < 20; i++) {
          expected.push(await drop.forward(X), (await drop.backward(G)).inputGradient);
        }
      }, 9n);
      await withDropout(async (drop) => {
        await using stream = client.stream();
        const pairs = Array.from(
          { length: 20 },
          () => [stream.forward(drop, X), stream.backward(drop, G)] as const,
        );
        for (const [i, [forward, backward]] of pairs.entries()) {
          assert.deepEqual((await forward).data, expected[2 * i]?.data);
          assert.deepEqual((await backward).inputGradient.data, expected[2 * i + 1]?.data);
        }
      }, 9n);
    });

    test("goes on after an operation's error", () =>
      withDropout(async (drop, session) => {
        await using stream = client.stream();
        const bad = stream.forward(session.layer("gone"), X);
        const good = stream.forward(drop, X);
        await assert.rejects(bad, { name: "NotFoundError", reason: "LAYER_NOT_FOUND" });
        assert.deepEqual((await good).shape, [4, 10]);
      }));

    test("as a generator yields results and errors", () =>
      withDropout(async (drop, session) => {
        const operations: Operation[] = [
          { kind: "forward", layer: drop, inputs: X },
          { kind: "backward", layer: drop, outputGradient: G },
          { kind: "forward", layer: session.layer("gone"), inputs: X },
        ];
        const results = new Map<Operation, Result>();
        for await (const result of client.compute(operations)) {
          results.set(result.operation, result);
        }
        const [forward, backward, error] = operations.map((each) => results.get(each));
        assert.ok(forward?.kind === "forward" && backward?.kind === "backward");
        assert.deepEqual(zeros(forward.output), zeros(backward.inputGradient));
        assert.ok(error?.kind === "error" && error.error instanceof NotFoundError);
      }));
  });
});
