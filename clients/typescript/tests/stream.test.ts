/** Streams against a scripted server; what they compute is tested in service.test.ts. */

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { describe, test } from "node:test";

import {
  CancelledError,
  Client,
  DeadlineExceededError,
  type ForwardOperation,
  InternalError,
  type Layer,
  NotFoundError,
  type Operation,
  type Result,
  Tensor,
  UnavailableError,
} from "edunn-client";

import type {
  ComputeOperation,
  ComputeRequest,
} from "#dist/stubs/edunn_serving/v1/layer_service_pb.js";

import { answer, type ComputeCall as Call, echo } from "./echo.js";
import { ScriptedServer, SESSION, status } from "./scripted-server.js";

const ONE = Tensor.from([1]);

async function withLayer(
  compute: (call: Call) => void,
  run: (client: Client, layer: Layer, server: ScriptedServer) => Promise<void>,
): Promise<void> {
  await using server = await ScriptedServer.start();
  server.compute = compute;
  server.script.set("createSession", [{ session: SESSION }]);
  using client = new Client(server.address);
  const session = await client.createSession();
  await run(client, session.layer("l1"), server);
}

test("promises get their own answers", () =>
  withLayer(echo, async (client, layer) => {
    const stream = client.stream();
    const promises = Array.from({ length: 1000 }, (_, i) =>
      stream.forward(layer, Tensor.from([i])),
    );
    await stream.close();
    const outputs = await Promise.all(promises);
    assert.deepEqual(
      outputs.map(({ data }) => data[0]),
      Array.from({ length: 1000 }, (_, i) => i),
    );
  }));

test("a backward given at once belongs to the forward before it", () =>
  withLayer(echo, async (client, layer) => {
    await using stream = client.stream();
    const backwards = [1, 2, 3].map(() => {
      void stream.forward(layer, ONE);
      return stream.backward(layer, ONE);
    });
    const names = (await Promise.all(backwards)).map((g) => Object.keys(g.parameterGradients));
    assert.deepEqual(names, [["c1"], ["c2"], ["c3"]]);
  }));

test("an error is its operation's own", () =>
  withLayer(echo, async (client, layer, server) => {
    server.script.set("createSession", [{ session: SESSION }]);
    const unknown = (await client.createSession()).layer("unknown");
    await using stream = client.stream();
    const [bad, good] = [stream.forward(unknown, ONE), stream.forward(layer, ONE)];
    const failure: unknown = await bad.catch((error: unknown) => error);
    assert.ok(failure instanceof NotFoundError);
    assert.equal(failure.reason, "LAYER_NOT_FOUND");
    assert.deepEqual((await good).toNested(), [1]);
  }));

test("what waits travels together", () => {
  const sizes: number[] = [];
  const counting = (call: Call): void => {
    call.on("data", ({ operations }: ComputeRequest) => sizes.push(operations.length));
    echo(call);
  };
  return withLayer(counting, async (client, layer) => {
    await using stream = client.stream({ inFlight: 1000 });
    await Promise.all(Array.from({ length: 300 }, () => stream.forward(layer, ONE)));
    assert.deepEqual(sizes, [256, 44]);
  });
});

test("a message is not larger than it may be", () => {
  const sizes: number[] = [];
  const counting = (call: Call): void => {
    call.on("data", ({ operations }: ComputeRequest) => sizes.push(operations.length));
    echo(call);
  };
  return withLayer(counting, async (client, layer) => {
    const large = Tensor.ones([3 << 17]);
    await using stream = client.stream();
    await Promise.all([1, 2, 3].map(() => stream.forward(layer, large)));
    assert.deepEqual(sizes, [1, 1, 1]);
  });
});

describe("no more than inFlight operations are under way", () => {
  test("however many are given", () => {
    let most = 0;
    const slow = (call: Call): void => {
      const waiting: ComputeOperation[] = [];
      call.on("data", ({ operations }: ComputeRequest) => {
        waiting.push(...operations);
        most = Math.max(most, waiting.length);
        setImmediate(() => {
          answer(call, waiting.splice(0));
        });
      });
      call.on("end", () => call.end());
    };
    return withLayer(slow, async (client, layer) => {
      await using stream = client.stream({ inFlight: 4 });
      await Promise.all(Array.from({ length: 50 }, () => stream.forward(layer, ONE)));
      assert.equal(most, 4);
    });
  });

  test("and ready says when there is room", () => {
    let arrive: (release: () => void) => void;
    const arrived = new Promise<() => void>((resolve) => {
      arrive = resolve;
    });
    const held = (call: Call): void => {
      call.on("data", ({ operations }: ComputeRequest) => {
        arrive(() => {
          answer(call, operations);
        });
      });
      call.on("end", () => call.end());
    };
    return withLayer(held, async (client, layer) => {
      await using stream = client.stream({ inFlight: 2 });
      await stream.ready;
      const first = [stream.forward(layer, ONE), stream.forward(layer, ONE)];
      const room = stream.ready.then(() => "room");
      const release = await arrived;
      assert.equal(await Promise.race([room, pause(50, "none")]), "none");
      release();
      assert.equal(await room, "room");
      await Promise.all(first);
    });
  });
});

test("inputs are sent as they are when given", () =>
  withLayer(echo, async (client, layer) => {
    await using stream = client.stream();
    const x = Tensor.from([1]);
    const output = stream.forward(layer, x);
    x.data[0] = 2;
    assert.deepEqual((await output).toNested(), [1]);
  }));

describe("a stream that breaks", () => {
  test("fails its operations, and those after", () => {
    const broken = (call: Call): void => {
      call.once("data", () => call.emit("error", status("UNAVAILABLE", { message: "going down" })));
    };
    return withLayer(broken, async (client, layer) => {
      const stream = client.stream({ inFlight: 1 });
      const [first, second] = [stream.forward(layer, ONE), stream.forward(layer, ONE)];
      await assert.rejects(first, { name: "UnavailableError", message: "going down" });
      await assert.rejects(second, UnavailableError);
      await stream.ready;
      await assert.rejects(stream.forward(layer, ONE), UnavailableError);
      await stream.close();
    });
  });

  test("tells nobody of promises that nobody awaits, and the program goes on", () => {
    const broken = (call: Call): void => {
      call.once("data", () => call.emit("error", status("UNAVAILABLE")));
    };
    return withLayer(broken, async (client, layer) => {
      const stream = client.stream();
      void stream.forward(layer, ONE);
      await stream.close();
      await pause(20);
    });
  });

  test("by ending early fails its operations", () =>
    withLayer(
      (call) => call.end(),
      async (client, layer) => {
        await using stream = client.stream();
        await assert.rejects(stream.forward(layer, ONE), /the stream ended/);
      },
    ));

  test("by being silent is given up", () =>
    withLayer(
      (call) => call.resume(),
      async (client, layer) => {
        await using stream = client.stream({ timeoutMs: 200 });
        await assert.rejects(stream.forward(layer, ONE), (error: unknown) => {
          assert.ok(error instanceof DeadlineExceededError);
          assert.match(error.message, /200 ms/);
          return true;
        });
      },
    ));

  test("by answering something else is an InternalError", () => {
    const confused = (call: Call): void => {
      call.on("data", ({ operations }: ComputeRequest) => {
        const [{ requestId } = { requestId: "" }] = operations;
        call.write({ results: [{ requestId, result: { case: undefined } }] } as never);
      });
      call.on("end", () => call.end());
    };
    return withLayer(confused, async (client, layer) => {
      await using stream = client.stream();
      await assert.rejects(stream.forward(layer, ONE), InternalError);
    });
  });
});

test("an idle stream is not given up", () =>
  withLayer(echo, async (client, layer) => {
    const timeoutMs = 1_500;
    await using stream = client.stream({ timeoutMs });
    await stream.forward(layer, ONE);
    // That nothing happens can only be seen by waiting.
    await pause(1.5 * timeoutMs);
    await stream.forward(layer, ONE);
  }));

describe("a stream is cancelled", () => {
  const silent = (call: Call): void => void call.resume();

  test("by its signal", () =>
    withLayer(silent, async (client, layer) => {
      const controller = new AbortController();
      const stream = client.stream({ signal: controller.signal });
      const output = stream.forward(layer, ONE);
      const reason = new Error("enough");
      controller.abort(reason);
      await assert.rejects(output, (error: unknown) => {
        assert.ok(error instanceof CancelledError);
        assert.equal(error.cause, reason);
        return true;
      });
      await stream.close();
    }));

  test("by cancel", () =>
    withLayer(silent, async (client, layer) => {
      const stream = client.stream();
      const output = stream.forward(layer, ONE);
      stream.cancel();
      await assert.rejects(output, CancelledError);
    }));

  test("by closing the client", () =>
    withLayer(silent, async (client, layer) => {
      const output = client.stream().forward(layer, ONE);
      client.close();
      await assert.rejects(output, /the client has been closed/);
    }));
});

test("a closed stream takes no more", () =>
  withLayer(echo, async (client, layer) => {
    const stream = client.stream();
    const output = stream.forward(layer, ONE);
    const closed = stream.close();
    await assert.rejects(stream.forward(layer, ONE), /closed/);
    await closed;
    await output;
  }));

describe("compute", () => {
  async function collect(results: AsyncIterable<Result>, count = Infinity): Promise<Result[]> {
    const collected: Result[] = [];
    for await (const result of results) {
      collected.push(result);
      if (collected.length === count) break;
    }
    return collected;
  }

  test("takes no more operations than it may, of an endless generator", () =>
    withLayer(echo, async (client, layer) => {
      let taken = 0;
      let ended = false;
      function* operations(): Generator<ForwardOperation> {
        try {
          for (;;) yield { kind: "forward", layer, inputs: Tensor.from([++taken]) };
        } finally {
          ended = true;
        }
      }
      const results = await collect(client.compute(operations(), { inFlight: 4 }), 10);
      const values = results.map((result) => result.kind === "forward" && result.output.data[0]);
      assert.deepEqual(values, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      assert.ok(taken <= 14, `took ${String(taken)}`);
      await pause(0);
      assert.ok(ended);
    }));

  test("yields results while the next operation is not there yet", () =>
    withLayer(echo, async (client, layer) => {
      let next: (operation: Operation) => void = () => undefined;
      async function* operations(): AsyncGenerator<Operation> {
        yield { kind: "forward", layer, inputs: ONE };
        yield await new Promise<Operation>((resolve) => {
          next = resolve;
        });
      }
      const kinds: string[] = [];
      for await (const result of client.compute(operations())) {
        kinds.push(result.kind);
        next({ kind: "backward", layer, outputGradient: ONE });
      }
      assert.deepEqual(kinds, ["forward", "backward"]);
    }));

  test("yields an error as a result, and goes on", () =>
    withLayer(echo, async (client, layer, server) => {
      server.script.set("createSession", [{ session: SESSION }]);
      const unknown = (await client.createSession()).layer("unknown");
      const operations: Operation[] = [
        { kind: "forward", layer: unknown, inputs: ONE },
        { kind: "forward", layer, inputs: ONE },
      ];
      const [bad, good] = await collect(client.compute(operations));
      assert.ok(bad?.kind === "error" && bad.error instanceof NotFoundError);
      assert.equal(bad.operation, operations[0]);
      assert.ok(good?.kind === "forward");
    }));

  test("throws what the operations throw", () =>
    withLayer(echo, async (client, layer) => {
      function* operations(): Generator<Operation> {
        yield { kind: "forward", layer, inputs: ONE };
        throw new Error("no more");
      }
      await assert.rejects(collect(client.compute(operations())), /no more/);
    }));

  test("throws where an operation cannot be sent", () =>
    withLayer(echo, async (client, layer) => {
      const bad = { kind: "forward", layer, inputs: [1] } as unknown as Operation;
      await assert.rejects(collect(client.compute([bad])), TypeError);
    }));
});
