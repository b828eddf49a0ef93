/** Typed configurations: what they refuse the compiler has to say. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type ConfigOf, type LayerConfigs, Tensor } from "edunn-client";

import { connect, needsService } from "./service.js";

test("a configuration is checked where it is written", () => {
  const right: LayerConfigs["Conv2d"][] = [
    { in_channels: 1, out_channels: 2, kernel_size: [3, 4], bias: true },
    { in_channels: 1, out_channels: 2, kernel_size: 3, kernel_initializer: "Zero" },
  ];
  assert.equal(right.length, 2);
  // @ts-expect-error Dropout has no q.
  const misspelt: ConfigOf<"Dropout"> = { q: 0.5 };
  // @ts-expect-error Linear needs its sizes.
  const missing: ConfigOf<"Linear"> = { input_size: 2 };
  // @ts-expect-error It is no activation.
  const other: ConfigOf<"Dense"> = { input_size: 2, output_size: 1, activation_name: "sine" };
  // A type that this client does not know takes anything.
  const unknown: ConfigOf<"Attention"> = { heads: 4 };
  assert.ok([misspelt, missing, other, unknown].every((config) => typeof config === "object"));
});

test("the service takes typed configurations", needsService, async () => {
  using client = connect();
  await using session = await client.createSession({ seed: 1n });
  const net = await session.addLayer("net", "Sequential", {
    layers: [
      {
        name: "l1",
        type: "Linear",
        config: {
          input_size: 2,
          output_size: 1,
          initializer: { type: "Constant", config: { c: 0.5 } },
        },
      },
      { name: "b1", type: "Bias", config: { output_size: 1, initializer: "One" } },
    ],
  });
  const y = await net.forward(
    Tensor.from([
      [1, 2],
      [3, 4],
    ]),
  );
  assert.deepEqual(y.toNested(), [[2.5], [4.5]]);
});
