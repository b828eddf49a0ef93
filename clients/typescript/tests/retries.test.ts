import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  Client,
  DeadlineExceededError,
  type Layer,
  ResourceExhaustedError,
  type Session,
  Tensor,
  UnavailableError,
} from "edunn-client";

import { DEFAULT_RETRIES, pauseMs, retryPolicy } from "#dist/retries.js";
import type { ForwardRequest } from "#dist/stubs/edunn_serving/v1/layer_service_pb.js";

import { Log, Warnings } from "./log.js";
import { forwarded, plainStatus, ScriptedServer, SESSION, status } from "./scripted-server.js";

const FAST = { attempts: 4, firstPauseMs: 1 };
const X = Tensor.from([1]);
const AWAY = status("UNAVAILABLE");

/** Runs a test with a scripted server and a client that repeats quickly. */
async function withServer(
  run: (client: Client, server: ScriptedServer) => Promise<void>,
): Promise<void> {
  await using server = await ScriptedServer.start();
  using client = new Client(server.address, { retry: FAST });
  await run(client, server);
}

async function created(client: Client, server: ScriptedServer): Promise<Session> {
  server.script.set("createSession", [{ session: SESSION }]);
  return client.createSession();
}

async function layerOf(client: Client, server: ScriptedServer): Promise<Layer> {
  return (await created(client, server)).layer("l1");
}

function forwardIds(server: ScriptedServer): string[] {
  return server.requests<ForwardRequest>("forward").map(({ forwardId }) => forwardId);
}

describe("a call is made again", () => {
  test("after UNAVAILABLE", () =>
    withServer(async (client, server) => {
      server.script.set("getSession", [AWAY, plainStatus("UNAVAILABLE"), { session: SESSION }]);
      assert.equal((await client.getSession("s1")).sessionId, "s1");
    }));

  test("so often and no more", () =>
    withServer(async (client, server) => {
      server.script.set("getSession", Array<typeof AWAY>(9).fill(AWAY));
      await assert.rejects(client.getSession("s1"), UnavailableError);
      assert.equal(server.requests("getSession").length, FAST.attempts);
    }));

  test("when it was refused, after the delay that the service names", () =>
    withServer(async (client, server) => {
      const refused = status("RESOURCE_EXHAUSTED", { retryDelayMs: 200 });
      server.script.set("getSession", [refused, { session: SESSION }]);
      const begin = performance.now();
      await client.getSession("s1");
      assert.ok(performance.now() - begin >= 195);
    }));

  test("as a forward under the same name", () =>
    withServer(async (client, server) => {
      const layer = await layerOf(client, server);
      server.script.set("forward", [AWAY, forwarded, forwarded]);
      await layer.forward(X);
      await layer.forward(X);
      assert.deepEqual(forwardIds(server), ["c1", "c1", "c2"]);
    }));

  test("as it was sent first, whatever its arrays hold by now", () =>
    withServer(async (client, server) => {
      const layer = await layerOf(client, server);
      const x = Tensor.from([1]);
      const change = (): typeof AWAY => {
        x.data[0] = 2;
        return AWAY;
      };
      server.script.set("forward", [change, forwarded]);
      assert.deepEqual((await layer.forward(x)).toNested(), [1]);
    }));

  test("as an untracked forward in the test phase, which takes no name", () =>
    withServer(async (client, server) => {
      const layer = await layerOf(client, server);
      server.script.set("forward", [AWAY, forwarded, forwarded]);
      await layer.forward(X, { untracked: true, phase: "test" });
      await layer.forward(X);
      assert.deepEqual(forwardIds(server), ["", "", "c1"]);
    }));

  test("as a forward that the service names, where it was refused", () =>
    withServer(async (client, server) => {
      const layer = await layerOf(client, server);
      const refused = status("RESOURCE_EXHAUSTED", { reason: "QUEUE_FULL", retryDelayMs: 1 });
      server.script.set("forward", [refused, forwarded]);
      assert.equal((await layer.forward(X, { forwardId: "" })).forwardId, "#1");
    }));
});

describe("a call is not made again", () => {
  for (const code of ["INTERNAL", "NOT_FOUND", "DEADLINE_EXCEEDED", "ABORTED"] as const) {
    test(`after ${code}`, () =>
      withServer(async (client, server) => {
        server.script.set("getSession", [status(code, { retryDelayMs: 1 })]);
        await assert.rejects(client.getSession("s1"), { code });
        assert.equal(server.requests("getSession").length, 1);
      }));
  }

  test("after RESOURCE_EXHAUSTED without a delay", () =>
    withServer(async (client, server) => {
      server.script.set("getSession", [status("RESOURCE_EXHAUSTED", { reason: "TOO_LARGE" })]);
      await assert.rejects(client.getSession("s1"), ResourceExhaustedError);
    }));

  test("after UNAVAILABLE as a forward that the service names", () =>
    withServer(async (client, server) => {
      const layer = await layerOf(client, server);
      server.script.set("forward", [AWAY]);
      await assert.rejects(layer.forward(X, { forwardId: "" }), UnavailableError);
    }));

  test("after UNAVAILABLE as an untracked training forward", () =>
    withServer(async (client, server) => {
      const layer = await layerOf(client, server);
      server.script.set("forward", [AWAY]);
      await assert.rejects(layer.forward(X, { untracked: true }), UnavailableError);
    }));
});

describe("a deadline", () => {
  test("is on every call", async () => {
    await using server = await ScriptedServer.start();
    using client = new Client(server.address, { timeoutMs: 100 });
    server.script.set("getSession", [() => new Promise<never>(() => undefined)]);
    await assert.rejects(client.getSession("s1"), DeadlineExceededError);
  });

  test("of a call's own wins over the client's", () =>
    withServer(async (client, server) => {
      server.script.set("getSession", [() => new Promise<never>(() => undefined)]);
      await assert.rejects(client.getSession("s1", { timeoutMs: 100 }), DeadlineExceededError);
    }));

  test("is not outlasted by a pause", async () => {
    await using server = await ScriptedServer.start();
    using client = new Client(server.address, { timeoutMs: 5_000 });
    server.script.set("getSession", [status("RESOURCE_EXHAUSTED", { retryDelayMs: 60_000 })]);
    const begin = performance.now();
    await assert.rejects(client.getSession("s1"), ResourceExhaustedError);
    assert.ok(performance.now() - begin < 5_000);
  });

  test("is none where it is infinite, or very far away", () =>
    withServer(async (client, server) => {
      for (const timeoutMs of [Infinity, 1e10, 1e300]) {
        server.script.set("getSession", [AWAY, { session: SESSION }]);
        assert.equal((await client.getSession("s1", { timeoutMs })).sessionId, "s1");
      }
    }));

  test("is a positive number", async () => {
    await using server = await ScriptedServer.start();
    using client = new Client(server.address);
    for (const timeoutMs of [0, -1, NaN, -Infinity]) {
      assert.throws(() => new Client("localhost:1", { timeoutMs }), RangeError);
      assert.throws(() => client.stream({ timeoutMs }), RangeError);
      await assert.rejects(client.getSession("s1", { timeoutMs }), RangeError);
    }
  });

  test("that passes while the service is away is told with what is wrong", async () => {
    await using server = await ScriptedServer.start();
    using client = new Client(server.address, { timeoutMs: 2_000, retry: { longestPauseMs: 1 } });
    server.script.set("getSession", Array<typeof AWAY>(20_000).fill(AWAY));
    await assert.rejects(
      client.getSession("s1"),
      /(Unavailable|DeadlineExceeded)Error: (.*: )?no$/,
    );
    assert.ok(server.requests("getSession").length > 7);
  });
});

test("leaving a session after a failure does not wait again", async () => {
  await using server = await ScriptedServer.start();
  const timeoutMs = 2_000;
  const log = new Log();
  using client = new Client(server.address, { timeoutMs, logger: log });
  const warnings = new Warnings();
  const began = performance.now();
  await assert.rejects(async () => {
    await using session = await created(client, server);
    await server[Symbol.asyncDispose]();
    await session.refresh();
  }, UnavailableError);
  assert.ok(performance.now() - began < 1.9 * timeoutMs);
  assert.match((await warnings.taken()).join(), /session s1 ends with its ttl: no connection/);
});

test("a policy has attempts and pauses", () => {
  assert.deepEqual(retryPolicy({ attempts: 2 }), { ...DEFAULT_RETRIES, attempts: 2 });
  for (const bad of [{ attempts: 0 }, { attempts: NaN }, { firstPauseMs: -1 }]) {
    assert.throws(() => new Client("localhost:1", { retry: bad }), RangeError);
  }
});

test("pauses grow to a bound, and half of each is chance", () => {
  const policy = { ...DEFAULT_RETRIES, firstPauseMs: 100, longestPauseMs: 1_000 };
  for (const [attempt, longest] of [100, 200, 400, 800, 1_000, 1_000].entries()) {
    const pauses = Array.from({ length: 200 }, () => pauseMs(policy, attempt, undefined));
    assert.ok(Math.min(...pauses) >= longest / 2 && Math.max(...pauses) <= longest);
    assert.ok(Math.max(...pauses) - Math.min(...pauses) > longest / 4);
    assert.ok(pauseMs(policy, attempt, 500) >= 500 + longest / 2);
  }
});

test("two who attach to a session never meet in a name", () =>
  withServer(async (client, server) => {
    const sessions = [await created(client, server)];
    server.script.set("getSession", [{ session: SESSION }, { session: SESSION }]);
    sessions.push(await client.attachSession("s1"), await client.attachSession("s1"));
    server.script.set("forward", [forwarded, forwarded, forwarded]);
    for (const session of sessions) await session.layer("l1").forward(X);
    const [own, ...others] = forwardIds(server);
    assert.equal(own, "c1");
    assert.equal(new Set(others).size, 2);
    for (const name of others) assert.match(name, /^[0-9a-f]{12}-1$/);
  }));

test("the token travels with every call", async () => {
  await using server = await ScriptedServer.start();
  using client = new Client(server.address, { token: "abc" });
  server.script.set("getSession", [{ session: SESSION }]);
  await client.getSession("s1");
  assert.deepEqual(server.metadata[0]?.get("authorization"), ["Bearer abc"]);
});

test("a token in the clear beyond this machine is warned of", async () => {
  const warnings = new Warnings();
  for (const address of ["localhost:1", "127.0.0.1:1", "[::1]:1", "unix:/tmp/x"]) {
    new Client(address, { token: "abc" }).close();
  }
  new Client("example.org:1", { token: "abc", tls: true }).close();
  new Client("example.org:1", { token: "abc" }).close();
  const [warning, ...more] = await warnings.taken();
  assert.match(warning ?? "", /unencrypted/);
  assert.deepEqual(more, []);
});
