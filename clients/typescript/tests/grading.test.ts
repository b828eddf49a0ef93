import assert from "node:assert/strict";
import { test } from "node:test";

import { type AnyTensor, answerChallenge, type Challenge, Tensor } from "edunn-client";

const number = (value: number) => new Tensor(Float64Array.of(value), []);

const setting = (stepId: string, factor: number) =>
  ({ kind: "setParameters", stepId, parameters: { factor: number(factor) } }) as const;

const CHALLENGE: Challenge = {
  challengeId: "c",
  title: "",
  points: 1,
  kind: "own",
  layerType: "Scale",
  config: {},
  parameters: {},
  steps: [
    setting("1", 2),
    { kind: "forward", stepId: "a", inputs: [number(1)] },
    setting("2", -1),
    { kind: "backward", stepId: "b", outputGradient: number(1) },
    setting("3", 3),
    { kind: "forward", stepId: "c", inputs: [number(1)] },
  ],
};

test("parameters that cannot be set fail what follows until some are set", () => {
  let factor: Tensor<Float64Array> = number(0);
  const answers = answerChallenge(CHALLENGE, {
    setParameters(parameters: Readonly<Record<string, AnyTensor>>) {
      const given = parameters["factor"] as Tensor<Float64Array>;
      if ((given.data[0] ?? 0) < 0) throw new RangeError("below zero");
      factor = given;
    },
    forward: () => factor,
    backward: () => ({ inputGradient: factor }),
  });
  assert.deepEqual(answers, {
    a: { output: number(2) },
    b: { failure: "RangeError: below zero" },
    c: { output: number(3) },
  });
});
