/** The numbers of PyTorch for each layer, computed by the service through this client. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import type { Client, Config, FloatTensor, Phase, Tensor } from "edunn-client";

import { connect, needsService } from "./service.js";
import {
  assertTensor,
  assertTensors,
  readJson,
  type TensorJson,
  tensorOf,
  tensorsOf,
} from "./tensor-json.js";

type Tensors = Readonly<Record<string, TensorJson>>;

interface Case {
  readonly name: string;
  readonly config: Config;
  readonly phase: Phase;
  readonly parameters: Tensors;
  readonly inputs: readonly TensorJson[];
  readonly output: TensorJson;
  readonly output_gradient: TensorJson;
  readonly input_gradients: readonly (TensorJson | null)[];
  readonly parameter_gradients: Tensors;
  readonly state_before?: Tensors;
  readonly state_after?: Tensors;
  readonly mask?: TensorJson;
}

const FOLDER = new URL("../../../../tests/vectors/", import.meta.url);
const FILES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json") && name !== "optimizers.json")
  .map((name) => readJson(new URL(name, FOLDER)) as { layer: string; cases: Case[] });

describe("vectors", needsService, () => {
  let client: Client;
  before(() => {
    client = connect();
  });
  after(() => {
    client.close();
  });

  for (const { layer, cases } of FILES) {
    // A service draws its own masks.
    for (const each of cases.filter(({ mask }) => mask === undefined)) {
      test(`${layer}: ${each.name}`, () => check(client, layer, each));
    }
  }
});

async function check(client: Client, type: string, vector: Case): Promise<void> {
  await using session = await client.createSession({ seed: 0n });
  const parameters = tensorsOf({ ...vector.parameters, ...vector.state_before });
  const layer = await session.addLayer("layer", type, vector.config, { parameters });
  const inputs = vector.inputs.map(tensorOf) as Tensor[] as [...Tensor[], FloatTensor];
  const output = await layer.forward(inputs, { phase: vector.phase });
  assertTensor(output, vector.output, "output");

  const gradients = await layer.backward(tensorOf(vector.output_gradient) as Tensor as FloatTensor);
  const expected = vector.input_gradients.at(-1);
  assert.ok(expected);
  assertTensor(gradients.inputGradient, expected, "input gradient");
  assertTensors(gradients.parameterGradients, vector.parameter_gradients, "parameter gradients");

  const state = await layer.getParameters();
  for (const [name, value] of Object.entries(vector.state_after ?? {})) {
    assertTensor(state[name], value, `state after: ${name}`);
  }
}
