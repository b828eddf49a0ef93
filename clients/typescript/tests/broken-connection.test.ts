/** What a client makes of a connection to the real service that fails it. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Operation, Tensor, UnavailableError } from "edunn-client";

import { ByteProxy } from "./byte-proxy.js";
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

  test("a layer is not added twice", async () => {
    await using proxy = await LosingProxy.start(ADDRESS, "AddLayer", 1);
    using client = connect(proxy.address);
    await using session = await client.createSession();
    await assert.rejects(session.addLayer("drop", "Dropout"), UnavailableError);
    assert.deepEqual(
      [...(await session.refresh()).layers].map(({ name }) => name),
      ["drop"],
    );
  });

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

    // Until the connection stands again a stream fails at once; a call waits for it.
    await session.refresh();
    await using second = client.stream();
    await second.forward(drop, ONES);
  });
});
