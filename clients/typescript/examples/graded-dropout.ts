/**
 * A Dropout written in TypeScript, graded: `node build/examples/graded-dropout.js ASSIGNMENT`.
 *
 * The service and the student's token are in EDUNN_TARGET and EDUNN_TOKEN.
 */

import {
  answerChallenge,
  type AnyTensor,
  Client,
  type GradedLayer,
  type Phase,
  Tensor,
} from "edunn-client";

class Dropout implements GradedLayer {
  #phase: Phase = "training";
  #mask: number[] = [];

  constructor(readonly p: number) {}

  setPhase(phase: Phase): void {
    this.#phase = phase;
  }

  forward(x: AnyTensor): Tensor {
    const scale = 1 / (1 - this.p);
    this.#mask = [...x.data].map(() => {
      if (this.#phase === "test") return 1;
      return Math.random() < this.p ? 0 : scale;
    });
    return this.#masked(x);
  }

  backward(outputGradient: AnyTensor): { inputGradient: Tensor } {
    return { inputGradient: this.#masked(outputGradient) };
  }

  #masked(x: AnyTensor): Tensor {
    const numbers = [...x.data].map((value, i) => Number(value) * (this.#mask[i] ?? 0));
    const data = x.dtype === "float32" ? Float32Array.from(numbers) : Float64Array.from(numbers);
    return new Tensor(data, x.shape);
  }
}

const assignment = process.argv[2] ?? "dropout-1";
using client = new Client();
const attempt = await client.startAttempt(assignment);
const answers = Object.fromEntries(
  attempt.challenges.map((challenge) => [
    challenge.challengeId,
    answerChallenge(challenge, new Dropout(Number(challenge.config["p"] ?? 0.5))),
  ]),
);
const report = await client.submitAnswers(attempt.attemptId, answers);
for (const check of report.checks) {
  console.log(`${check.verdict} ${check.title} ${check.bug} ${check.message}`.trimEnd());
}
console.log(`${String(report.score)} of ${String(report.maxScore)} points`);
