/** Calls that share a stream are calls all the same. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";

import { CancelledError, Client, type ClientOptions, type Layer, Tensor } from "edunn-client";

import type { ComputeRequest } from "#dist/stubs/edunn_serving/v1/layer_service_pb.js";

import { ByteProxy } from "./byte-proxy.js";
import { type ComputeCall, echo } from "./echo.js";
import { forwarded, ScriptedServer, SESSION, status } from "./scripted-server.js";
import { ADDRESS, needsService } from "./service.js";

const ONE = Tensor.from([1]);

async function withLayer(
  compute: (call: ComputeCall) => void,
  run: (layer: Layer, server: ScriptedServer, client: Client) => Promise<void>,
  options: ClientOptions = {},
): Promise<void> {
  await using server = await ScriptedServer.start();
  server.compute = compute;
  server.script.set("createSession", [{ session: SESSION }]);
  const retry = { firstPauseMs: 1 };
  using client = new Client(server.address, { shareStream: true, retry, ...options });
  const session = await client.createSession();
  await run(session.layer("l1"), server, client);
}

/** Counts the streams opened, and keeps what comes through them. */
class Streams {
  readonly opened: ComputeCall[] = [];
  readonly requests: ComputeRequest[] = [];

  readonly echo = (call: ComputeCall): void => {
    this.#take(call);
    echo(call);
  };

  readonly silent = (call: ComputeCall): void => {
    this.#take(call);
  };

  #take(call: ComputeCall): void {
    this.opened.push(call);
    call.on("data", (request: ComputeRequest) => this.requests.push(request));
  }
}

test("many calls travel through one stream, those of a moment together", () => {
  const streams = new Streams();
  return withLayer(streams.echo, async (layer, server) => {
    const outputs = await Promise.all(
      Array.from({ length: 300 }, (_, i) => layer.forward(Tensor.from([i]))),
    );
    const values = outputs.map(({ data }) => data[0]);
    assert.deepEqual(
      values,
      Array.from({ length: 300 }, (_, i) => i),
    );
    const { parameterGradients } = await layer.backward(ONE);
    assert.deepEqual(Object.keys(parameterGradients), ["c300"]);
    assert.equal(streams.opened.length, 1);
    assert.ok(streams.requests.length <= 4, String(streams.requests.length));
    assert.equal(server.requests("forward").length, 0);
  });
});

test("an error is its own call's", () =>
  withLayer(echo, async (layer, server, client) => {
    server.script.set("createSession", [{ session: SESSION }]);
    const unknown = (await client.createSession()).layer("unknown");
    const calls = [unknown.forward(ONE), layer.forward(ONE)] as const;
    await assert.rejects(calls[0], { name: "NotFoundError", reason: "LAYER_NOT_FOUND" });
    assert.deepEqual((await calls[1]).toNested(), [1]);
  }));

test("each call has its own deadline, which the service is told", () => {
  const streams = new Streams();
  return withLayer(streams.silent, async (layer) => {
    const patient = layer.forward(ONE, { timeoutMs: 60_000 });
    const endless = layer.forward(ONE, { timeoutMs: Infinity });
    await assert.rejects(layer.forward(ONE, { timeoutMs: 100 }), {
      name: "DeadlineExceededError",
      reason: "DEADLINE_EXCEEDED",
      message: "no answer within 100 ms",
    });
    const timeouts = streams.requests.flatMap(({ operations }) =>
      operations.map(({ timeout }) => timeout && Number(timeout.seconds) + timeout.nanos / 1e9),
    );
    const [first = NaN, second, third = NaN] = timeouts;
    assert.ok(first > 59 && first <= 60 && third > 0 && third <= 0.1, timeouts.join());
    assert.equal(second, undefined);
    assert.equal(await Promise.race([patient, endless, Promise.resolve("none")]), "none");
    for (const call of [patient, endless]) call.catch(() => undefined);
  });
});

test("each call can be cancelled alone, which the service is told", () => {
  const streams = new Streams();
  let held: ComputeCall | undefined;
  const holding = (call: ComputeCall): void => {
    held = call;
    streams.silent(call);
  };
  return withLayer(holding, async (layer) => {
    const controller = new AbortController();
    const cancelled = layer.forward(ONE, { signal: controller.signal });
    const other = layer.forward(ONE);
    while (streams.requests.length === 0) await new Promise(setImmediate);
    controller.abort();
    await assert.rejects(cancelled, CancelledError);
    while (streams.requests.length === 1) await new Promise(setImmediate);
    const [operations = []] = streams.requests.map((request) => request.operations);
    assert.deepEqual(streams.requests[1]?.cancelledRequestIds, [operations[0]?.requestId]);
    assert.ok(held);
    echo(held);
    held.emit("data", { operations });
    assert.deepEqual((await other).toNested(), [1]);
  });
});

test("a call whose stream breaks is made again under the same name, through another", () => {
  const streams = new Streams();
  const breaking = (call: ComputeCall): void => {
    if (streams.opened.length > 0) {
      streams.echo(call);
      return;
    }
    streams.silent(call);
    call.once("data", () => call.emit("error", status("UNAVAILABLE")));
  };
  return withLayer(breaking, async (layer) => {
    assert.equal((await layer.forward(ONE)).forwardId, "c1");
    const names = streams.requests.flatMap(({ operations }) =>
      operations.map(({ operation }) => operation.case === "forward" && operation.value.forwardId),
    );
    assert.deepEqual(names, ["c1", "c1"]);
    assert.equal(streams.opened.length, 2);
  });
});

describe("a call is made by itself", () => {
  test("where something on the way takes no streams, and so are all after it", () => {
    let streams = 0;
    const refusing = (call: ComputeCall): void => {
      streams += 1;
      call.emit("error", status("UNIMPLEMENTED"));
    };
    return withLayer(refusing, async (layer, server) => {
      server.script.set("forward", [forwarded, forwarded]);
      await layer.forward(ONE);
      await layer.forward(ONE);
      assert.equal(server.requests("forward").length, 2);
      assert.equal(streams, 1);
    });
  });

  test("where it has headers of its own, or is large", () => {
    const streams = new Streams();
    return withLayer(streams.echo, async (layer, server) => {
      server.script.set("forward", [forwarded, forwarded]);
      await layer.forward(ONE, { metadata: { lesson: "3" } });
      await layer.forward(Tensor.zeros([600_000]));
      assert.equal(streams.opened.length, 0);
    });
  });
});

test("another token opens another stream", () => {
  const streams = new Streams();
  let count = 0;
  const token = (): string => `token-${String(Math.ceil(++count / 2))}`;
  return withLayer(
    streams.echo,
    async (layer) => {
      for (let i = 0; i < 4; i++) await layer.forward(ONE);
      const tokens = streams.opened.flatMap(({ metadata }) => metadata.get("authorization"));
      assert.deepEqual(tokens, ["Bearer token-1", "Bearer token-2", "Bearer token-3"]);
    },
    { token },
  );
});

test("an idle stream ends by itself, so that no program waits for it", () => {
  const streams = new Streams();
  return withLayer(streams.echo, async (layer) => {
    await layer.forward(ONE);
    const [stream] = streams.opened;
    assert.ok(stream);
    await once(stream, "end");
    await layer.forward(ONE);
    assert.equal(streams.opened.length, 2);
  });
});

describe("through the service", needsService, () => {
  test("masks are those of calls by themselves, also when the connection is cut", async () => {
    await using proxy = await ByteProxy.start(ADDRESS);
    using sharing = new Client(proxy.address, { shareStream: true });
    using plain = new Client(ADDRESS);
    await using one = await sharing.createSession({ seed: 7n });
    await using two = await plain.createSession({ seed: 7n });
    const drop = await one.addLayer("drop", "Dropout", { p: 0.5 });
    const same = await two.addLayer("drop", "Dropout", { p: 0.5 });
    const x = Tensor.ones([4, 16]);
    for (let i = 0; i < 12; i++) {
      const call = drop.forward(x);
      if (i % 4 === 3) proxy.cut();
      const output = await call;
      assert.deepEqual(output.data, (await same.forward(x)).data);
      assert.deepEqual((await drop.backward(x)).inputGradient.data, output.data);
    }
  });
});
