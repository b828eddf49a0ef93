/** What a person sees who prints the library's objects, and what JSON makes of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { Client, InvalidArgumentError, Tensor } from "edunn-client";
import { FakeService } from "edunn-client/testing";

test("a tensor prints its element type, its shape and its elements", () => {
  const x = Tensor.from([
    [1, 2],
    [3, 4],
  ]);
  assert.equal(inspect(x), "Tensor(float64 [2, 2]) [ [ 1, 2 ], [ 3, 4 ] ]");
  assert.equal(String(x), "Tensor(float64 [2, 2])");
  assert.equal(inspect(Tensor.from([true], "bool")), "Tensor(bool [1]) [ true ]");
  const large = inspect(Tensor.zeros([100, 100]));
  assert.match(
    large,
    /^Tensor\(float64 \[100, 100\]\) Float64Array\(100\) \[[^]*\] and 9900 more$/,
  );
});

test("a tensor in JSON has its element type, its shape and its elements", () => {
  const x = Tensor.from([[1.5, NaN, -Infinity]]);
  const text = '{"dtype":"float64","shape":[1,3],"data":[1.5,"NaN","-Infinity"]}';
  assert.equal(JSON.stringify(x), text);
  const wide = Tensor.from([2n ** 62n], "int64");
  assert.deepEqual(wide.toJSON().data, ["4611686018427387904"]);
});

test("clients, sessions, layers, outputs and streams print what they are", async () => {
  await using service = await FakeService.start();
  using client = new Client(service.address);
  await using session = await client.createSession({ seed: 7n, sessionId: "s1" });
  const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
  assert.equal(inspect(client), `Client("${service.address}")`);
  assert.equal(inspect(drop), 'Layer("drop", Dropout) { p: 0.5 }');
  assert.equal(inspect(session), 'Session("s1", seed 7) [ Layer("drop", Dropout) { p: 0.5 } ]');
  assert.match(String(session.layer("late")), /Layer\("late", of a type not known yet\)/);
  const output = await drop.forward(Tensor.from([1]));
  assert.equal(inspect(output), "Output(float64 [1], forward c1, training) [ 1 ]");
  const stream = client.stream();
  assert.equal(inspect(stream), "ComputeStream(open, 0 operations without an answer)");
  await stream.close();
});

test("infos and errors can be written as JSON", async () => {
  await using service = await FakeService.start();
  using client = new Client(service.address);
  const seed = 2n ** 64n - 1n;
  await using session = await client.createSession({ seed, sessionId: "s1" });
  await session.addLayer("drop", "Dropout", { p: 0.5 });
  for (const info of [session, session.info, await session.refresh()]) {
    const read = JSON.parse(JSON.stringify(info)) as Record<string, unknown>;
    assert.equal(read["seed"], "18446744073709551615");
    assert.deepEqual(read["layers"], [
      { name: "drop", type: "Dropout", config: { p: 0.5 }, parameters: [] },
    ]);
  }
  const violations = [{ field: "layer.config.p", description: "0 <= p < 1" }];
  const error = new InvalidArgumentError("p is wrong", { reason: "INVALID_ARGUMENT", violations });
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    name: "InvalidArgumentError",
    message: "p is wrong",
    code: "INVALID_ARGUMENT",
    reason: "INVALID_ARGUMENT",
    violations,
    metadata: {},
  });
});
