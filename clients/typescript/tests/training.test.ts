/** Trainings as jobs of the service, and layers as files. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  type Client,
  FailedPreconditionError,
  InvalidArgumentError,
  type Layer,
  NotFoundError,
  type Session,
  Tensor,
} from "edunn-client";

import { connect, needsService } from "./service.js";

const ADAM = { type: "Adam", config: { lr: 0.01 } } as const;

describe("trainings", needsService, () => {
  test("one is watched to its end, and its model is a file", () =>
    withClassifier(async (client, net, loss, session) => {
      const before = await net.getParameters();
      const training = await net.fit({
        dataset: "digits",
        loss,
        optimizer: ADAM,
        epochs: 2,
        seed: 7n,
        validationShare: 0.2,
        metrics: ["accuracy"],
        earlyStopping: { patience: 5 },
        schedule: { kind: "cosine", share: 0.1 },
      });
      const epochs: number[] = [];
      let last = "";
      let state = "";
      for await (const event of training.watch()) {
        if (event.kind === "epoch") epochs.push(event.result.epoch);
        if (event.kind === "epoch") last = event.eventId;
        if (event.kind === "ended") state = event.info.state;
        assert.match(JSON.stringify(event), event.kind === "ended" ? /"seed":"7"/ : /"time":"20/);
      }
      assert.match(JSON.stringify(training), /"seed":"7"/);
      assert.deepEqual(epochs, [1, 2]);
      assert.equal(state, "succeeded");
      for await (const event of training.watch({ after: last })) {
        assert.notEqual(event.kind, "epoch");
      }
      const after = await net.getParameters();
      assert.notDeepEqual(after, before);

      const again = await client.training(training.trainingId);
      const info = await again.result();
      assert.equal(info.outcome, "applied");
      assert.ok((info.epochs[1]?.validation["accuracy"] ?? 0) > 0.5);
      await assert.rejects(again.resume(), FailedPreconditionError);
      const copy = await session.importModel("copy", await training.model());
      assert.deepEqual(await copy.getParameters(), after);
    }));

  test("one is cancelled and resumed", () =>
    withClassifier(async (_client, net, loss) => {
      const training = await net.fit({
        dataset: "digits",
        loss,
        optimizer: "GradientDescent",
        epochs: 100_000,
        batchSize: 512,
      });
      for await (const event of training.watch()) {
        if (event.kind === "started") await training.cancel();
        if (event.kind === "ended") assert.equal(event.info.state, "cancelled");
      }
      assert.match((await training.resume()).state, /queued|running/);
      await training.cancel();
      assert.equal((await training.result()).state, "cancelled");
    }));

  test("a data set is uploaded and trained with", () =>
    withClassifier(async (client, _net, loss, session) => {
      const samples = 70_000; // more than a chunk has room for
      const x = Float32Array.from({ length: 4 * samples }, (_, i) => Math.sin(i * i));
      const y = BigInt64Array.from({ length: samples }, (_, i) =>
        (x[4 * i] ?? 0) > (x[4 * i + 1] ?? 0) ? 1n : 0n,
      );
      const inputs = new Tensor(x, [samples, 4]);
      const labels = new Tensor(y, [samples]);
      const stored = await client.uploadDataset("of-ts", inputs, labels, { replace: true });
      assert.deepEqual(stored.x, { dtype: "float32", shape: [samples, 4] });
      assert.equal(stored.bundled, false);
      assert.deepEqual(await client.uploadDataset("of-ts", inputs, labels), stored);
      await assert.rejects(client.uploadDataset("of-ts", labels, labels), {
        reason: "DATASET_EXISTS",
      });
      const names = (await client.datasets()).map((each) => each.name);
      assert.ok(names.includes("of-ts") && names.includes("digits"));

      const net = await session.addLayer("small", "Dense", {
        input_size: 4,
        output_size: 2,
        activation_name: "softmax",
      });
      const training = await net.fit({
        dataset: stored.name,
        loss,
        optimizer: ADAM,
        epochs: 1,
        batchSize: 4096,
      });
      await training.result();
      const listed = [];
      for await (const info of client.trainings()) listed.push(info);
      const found = listed.find((info) => info.trainingId === training.trainingId);
      assert.deepEqual(
        [found?.dataset, found?.layer, found?.state],
        ["of-ts", "small", "succeeded"],
      );
      await client.deleteDataset("of-ts");
      await assert.rejects(client.deleteDataset("of-ts"), NotFoundError);
    }));

  test("what cannot be is refused", () =>
    withClassifier(async (client, net, loss) => {
      const spec = { dataset: "nowhere", loss, optimizer: ADAM, epochs: 1 };
      await assert.rejects(net.fit(spec), { reason: "DATASET_NOT_FOUND" });
      await assert.rejects(client.training("gone"), NotFoundError);
      await assert.rejects(
        net.fit({ ...spec, dataset: "digits", epochs: 0 }),
        InvalidArgumentError,
      );
    }));

  test("watching ends by its signal", () =>
    withClassifier(async (_client, net, loss) => {
      const spec = { dataset: "digits", loss, optimizer: ADAM, epochs: 100_000 };
      const training = await net.fit(spec);
      const controller = new AbortController();
      await assert.rejects(
        async () => {
          for await (const event of training.watch({ signal: controller.signal })) {
            if (event.kind === "progress") controller.abort();
          }
        },
        { name: "AbortError" },
      );
      await training.cancel();
    }));

  test("a layer becomes a file and back", () =>
    withClassifier(async (client, net) => {
      const file = await net.exportModel();
      await using other = await client.createSession();
      const copy = await other.importModel("net", file);
      assert.equal(copy.type, "Dense");
      assert.deepEqual(await copy.getParameters(), await net.getParameters());
      await assert.rejects(other.importModel("x", file.subarray(0, 9)), InvalidArgumentError);
    }));
});

/** Runs a test with a layer for the digits, and a loss. */
async function withClassifier(
  run: (client: Client, net: Layer, loss: Layer, session: Session) => Promise<void>,
): Promise<void> {
  using client = connect();
  await using session = await client.createSession({ seed: 7n });
  const net = await session.addLayer("net", "Dense", {
    input_size: 64,
    output_size: 10,
    activation_name: "softmax",
  });
  await run(client, net, await session.addLayer("loss", "CrossEntropyWithLabels"), session);
}
