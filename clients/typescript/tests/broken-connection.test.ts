/** What a client makes of a connection to the real service that fails it. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import {
  Client,
  EdunnError,
  type Operation,
  type Session,
  Tensor,
  UnavailableError,
} from "edunn-client";

import { ByteProxy } from "./byte-proxy.js";
import { Log } from "./log.js";
import { LosingProxy } from "./losing-proxy.js";
import { ADDRESS, connect, needsService } from "./service.js";

const ONES = Tensor.ones([16, 64]);

describe("a connection that fails", needsService, () => {
  test("a forward repeated because its answer was lost makes no second mask", async () => {
    await using proxy = await LosingProxy.start(ADDRESS, "Forward", 2);
    using client = connect(proxy.address);
    using direct = connect();
    await using lossy = await client.createSession({ seed: 3 });
    await using sound = await direct.createSession({ seed: 3 });
    const drop = await lossy.addLayer("drop", "Dropout", { p: 0.5 });
    const same = await sound.addLayer("drop", "Dropout", { p: 0.5 });
    for (let i = 0; i < 3; i++) {
      const output = await drop.forward(ONES);
      assert.deepEqual(output.data, (await same.forward(ONES)).data);
      assert.deepEqual((await drop.backward(ONES)).inputGradient.data, output.data);
    }
    assert.equal(proxy.toLose, 0);
  });

  test("a layer whose answer was lost has been added, once", async () => {
    await using proxy = await LosingProxy.start(ADDRESS, "AddLayer", 2);
    using client = connect(proxy.address);
    await using session = await client.createSession();
    const config = { input_size: 2, output_size: 1 };
    const parameters = { w: Tensor.from([[1], [2]]) };
    const linear = await session.addLayer("l1", "Linear", config, { parameters });
    assert.deepEqual(linear.parameterInfo, [{ name: "w", dtype: "float64", shape: [2, 1] }]);
    assert.deepEqual(
      [...(await session.refresh()).layers].map(({ name }) => name),
      ["l1"],
    );
  });

  test("a layer of that name that differs from the one asked for is an error all the same", async () => {
    await using proxy = await LosingProxy.start(ADDRESS, "AddLayer", 0);
    using client = connect(proxy.address);
    await using session = await client.createSession();
    const config = { input_size: 2, output_size: 1 };
    await session.addLayer("l1", "Linear", config, { parameters: { w: Tensor.zeros([2, 1]) } });
    const others = [
      () => session.addLayer("l1", "Dropout"),
      () => session.addLayer("l1", "Linear", { ...config, initializer: "Zero" }),
      () => session.addLayer("l1", "Linear", config, { parameters: { w: Tensor.ones([2, 1]) } }),
    ];
    for (const add of others) {
      proxy.toLose = 1;
      await assert.rejects(add(), EdunnError);
    }
  });

  test("a session whose answer was lost has been created, under the name chosen", async () => {
    await using proxy = await LosingProxy.start(ADDRESS, "CreateSession", 1);
    using client = connect(proxy.address);
    for (const seed of [undefined, 7n]) {
      proxy.toLose = 1;
      const sessionId = `typescript-${randomUUID()}`;
      await using session = await client.createSession({ sessionId, seed, ttlSeconds: 60 });
      assert.equal(session.sessionId, sessionId);
      const same = client.createSession({ sessionId, seed });
      await assert.rejects(same, { reason: "SESSION_EXISTS" });
    }
  });

  test("somebody else's session of the name chosen is an error all the same", async () => {
    await using proxy = await LosingProxy.start(ADDRESS, "CreateSession", 0);
    using client = connect(proxy.address);
    const sessionId = `typescript-${randomUUID()}`;
    await using theirs = await client.createSession({ sessionId });
    proxy.toLose = 1;
    await assert.rejects(client.createSession({ sessionId }), { reason: "SESSION_EXISTS" });
    assert.equal((await theirs.refresh()).sessionId, sessionId);
  });

  const unsent: [string, (client: Client, session: Session) => Promise<unknown>][] = [
    ["addLayer", (_, session) => session.addLayer("late", "ReLU")],
    [
      "createSession of a chosen name",
      async (client) => {
        const sessionId = `typescript-${randomUUID()}`;
        await (await client.createSession({ sessionId })).delete();
      },
    ],
    [
      "an untracked training forward",
      (_, session) => session.layer("drop").forward(ONES, { untracked: true }),
    ],
    [
      "a stream",
      async (client, session) => {
        await using stream = client.stream();
        await stream.forward(session.layer("drop"), ONES);
      },
    ],
  ];
  for (const [name, call] of unsent) {
    test(`what has not been sent waits for the connection: ${name}`, async () => {
      await using proxy = await ByteProxy.start(ADDRESS);
      const log = new Log();
      using client = new Client(proxy.address, { logger: log });
      await using session = await client.createSession();
      await session.addLayer("drop", "Dropout", { p: 0.5 });
      await proxy.refuse();
      await log.line(/the connection to .* is lost/);
      const answer = call(client, session);
      await log.line(/no connection to .* yet: .*ECONNREFUSED/);
      await proxy.listen();
      await answer;
      await log.line(/connected to .* after \d+ ms/);
    });
  }

  test("calls go on over a new connection", async () => {
    await using proxy = await ByteProxy.start(ADDRESS);
    using client = connect(proxy.address);
    await using session = await client.createSession();
    const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
    const calls = Array.from({ length: 20 }, () => drop.forward(ONES));
    proxy.cut();
    await Promise.all(calls);
    await drop.backward(ONES);
  });

  test("compute ends with its stream, however many operations there are", async () => {
    await using proxy = await ByteProxy.start(ADDRESS);
    using client = connect(proxy.address);
    await using session = await client.createSession();
    const layer = await session.addLayer("drop", "Dropout", { p: 0.5 });
    function* endless(): Generator<Operation> {
      for (;;) yield { kind: "forward", layer, inputs: ONES };
    }
    let failed = 0;
    for await (const result of client.compute(endless(), { inFlight: 4 })) {
      if (result.kind === "error") failed += 1;
      else proxy.cut();
    }
    assert.ok(failed >= 1 && failed <= 5, String(failed));
  });

  test("a stream fails what is left with UNAVAILABLE, and another can be opened", async () => {
    await using proxy = await ByteProxy.start(ADDRESS);
    using client = connect(proxy.address);
    await using session = await client.createSession();
    const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
    const stream = client.stream();
    await stream.forward(drop, ONES);
    const left = Array.from({ length: 100 }, () => stream.forward(drop, ONES));
    proxy.cut();
    const outcomes = await Promise.allSettled(left);
    const failed = outcomes.filter((outcome) => outcome.status === "rejected");
    assert.ok(failed.length > 0);
    for (const { reason } of failed) assert.ok(reason instanceof UnavailableError, String(reason));
    await stream.close();

    await using second = client.stream();
    await second.forward(drop, ONES);
  });
});
