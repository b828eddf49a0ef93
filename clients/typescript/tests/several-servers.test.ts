/** Several servers behind one client: they take turns, and one may die. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Client, Tensor } from "edunn-client";

import { ByteProxy } from "./byte-proxy.js";
import { Log } from "./log.js";
import { ScriptedServer } from "./scripted-server.js";
import { ADDRESS, needsService } from "./service.js";

test("several servers take turns", async () => {
  await using one = await ScriptedServer.start();
  await using two = await ScriptedServer.start();
  for (const server of [one, two]) {
    server.script.set(
      "listLayerTypes",
      Array.from({ length: 20 }, () => ({ layerTypes: [] })),
    );
  }
  using client = new Client(`${one.address}, ${two.address}`);
  for (let i = 0; i < 20; i++) await client.listLayerTypes();
  const counts = [one, two].map((server) => server.requests("listLayerTypes").length);
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    20,
  );
  // The first calls may find only one connected.
  assert.ok(Math.min(...counts) >= 5, counts.join());
});

test("a server whose name nobody knows does not keep the others from being called", async () => {
  await using server = await ScriptedServer.start();
  server.script.set("listLayerTypes", [{ layerTypes: [] }]);
  using client = new Client(`no-such-host.invalid:1,${server.address}`);
  assert.deepEqual(await client.listLayerTypes(), []);
});

describe("with one service behind two addresses", needsService, () => {
  test("forwards and backwards go on when one of them dies, with the same masks", async () => {
    await using one = await ByteProxy.start(ADDRESS);
    await using two = await ByteProxy.start(ADDRESS);
    const log = new Log();
    using client = new Client(`${one.address},${two.address}`, { logger: log });
    using direct = new Client(ADDRESS);
    const [seed, x] = [7n, Tensor.ones([4, 16])];
    await using session = await client.createSession({ seed });
    await using undisturbed = await direct.createSession({ seed });
    const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
    const same = await undisturbed.addLayer("drop", "Dropout", { p: 0.5 });
    for (let i = 0; i < 30; i++) {
      if (i === 10) await one.refuse();
      if (i === 20) {
        await one.listen();
        await two.refuse();
      }
      const output = await drop.forward(x);
      assert.deepEqual(output.data, (await same.forward(x)).data);
      assert.deepEqual((await drop.backward(x)).inputGradient.data, output.data);
    }
  });
});
