/** The service that the library offers for its users' tests. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Client,
  FailedPreconditionError,
  type FloatTensor,
  type Layer,
  Tensor,
  UnavailableError,
} from "edunn-client";
import { FakeService } from "edunn-client/testing";

const X = Tensor.from([1, 2]);

/** A program of a user's, to be tested. */
async function norm(layer: Layer, x: FloatTensor): Promise<number> {
  const { data } = await layer.forward(x);
  return Math.hypot(...data);
}

test("a layer passes on what it gets", async () => {
  await using service = await FakeService.start();
  using client = new Client(service.address);
  await using session = await client.createSession();
  const layer = await session.addLayer("l", "Dropout", {}, { parameters: { w: X } });
  assert.equal(await norm(layer, Tensor.from([3, 4])), 5);
  assert.deepEqual((await layer.backward(X)).inputGradient, X);
  assert.deepEqual(await layer.getParameters(), { w: X });
  await layer.setParameters({ w: Tensor.from([0, 0]) });
  assert.deepEqual((await layer.getParameters())["w"]?.toNested(), [0, 0]);
  await using stream = client.stream();
  assert.deepEqual((await stream.forward(layer, X)).data, X.data);
  const expected = ["createSession", "addLayer", "forward", "backward", "getParameters"];
  assert.deepEqual(service.calls, [...expected, "setParameters", "getParameters", "forward"]);
});

test("a type computes what the test says", async () => {
  await using service = await FakeService.start({
    Halve: {
      forward: (inputs, phase) => {
        const [x] = inputs as [FloatTensor];
        return phase === "test"
          ? x
          : new Tensor(
              Float64Array.from(x.data, (v) => v / 2),
              x.shape,
            );
      },
      backward: () => Tensor.from([0.5, 0.5]),
    },
  });
  using client = new Client(service.address);
  const session = await client.createSession();
  const halve = await session.addLayer("h", "Halve");
  assert.deepEqual((await halve.forward(X)).toNested(), [0.5, 1]);
  assert.deepEqual((await halve.backward(X)).inputGradient.toNested(), [0.5, 0.5]);
  assert.deepEqual((await halve.forward(X, { phase: "test" })).toNested(), [1, 2]);
});

test("a call fails where the test says so, with all that an error tells", async () => {
  await using service = await FakeService.start();
  using client = new Client(service.address);
  const session = await client.createSession();
  const layer = await session.addLayer("l", "ReLU");
  const stale = new FailedPreconditionError("too late", { reason: "FORWARD_STALE" });
  service.failNext(new UnavailableError("away"));
  await layer.forward(X); // The client tried again.
  service.failNext(stale);
  await assert.rejects(layer.backward(X), {
    name: "FailedPreconditionError",
    reason: "FORWARD_STALE",
  });
  await assert.rejects(client.getSession("gone"), { reason: "SESSION_NOT_FOUND" });
  await using stream = client.stream();
  await assert.rejects(stream.forward(session.layer("gone"), X), { reason: "LAYER_NOT_FOUND" });
});
