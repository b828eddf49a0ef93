/** Runs a conformance scenario through the client's public calls. */

import assert from "node:assert/strict";

import {
  type BackwardOptions,
  type Client,
  type ComputeStream,
  type Config,
  EdunnError,
  type FloatArray,
  type FloatTensor,
  type ForwardOptions,
  type Gradients,
  type Inputs,
  type Layer,
  type Output,
  type Phase,
  type Session,
  type StepResult,
  type Tensor,
  type TrainingData,
} from "edunn-client";

import {
  assertTensor,
  assertTensors,
  type TensorJson,
  tensorOf,
  tensorsOf,
} from "./tensor-json.js";

type Tensors = Readonly<Record<string, TensorJson>>;

/** A scenario of a conformance file: a session, and steps run in order. */
export interface Scenario {
  readonly name: string;
  readonly session?: {
    readonly seed?: string;
    readonly phase?: Phase;
    readonly ttl_seconds?: number;
    readonly session_id?: string;
  };
  readonly steps: readonly Step[];
}

interface Step {
  readonly call?: string;
  readonly kind?: string;
  readonly layer?: string;
  readonly type?: string;
  readonly config?: Config;
  readonly parameters?: Tensors;
  readonly inputs?: readonly TensorJson[];
  readonly phase?: Phase;
  readonly forward_id?: string;
  readonly untracked?: boolean;
  readonly output_gradient?: TensorJson;
  readonly accumulate?: boolean;
  readonly target?: TensorJson;
  readonly loss?: string;
  readonly optimizer?: { readonly type: string; readonly config?: Config };
  readonly step_id?: string;
  readonly session_id?: string;
  readonly dataset?: string;
  readonly epochs?: number;
  readonly seed?: string;
  readonly validation_share?: number;
  readonly cancel?: boolean;
  readonly resume?: boolean;
  readonly operations?: readonly Step[];
  readonly expect?: Readonly<Record<string, unknown>>;
  readonly expect_error?: Readonly<Record<string, unknown>>;
}

/** What a step answered, by the names of `expect`. */
type Answer = Readonly<Record<string, unknown>>;

/** Fails unless every step of the scenario ends as it expects. */
export async function runScenario(client: Client, scenario: Scenario): Promise<void> {
  rejectUnknown(scenario, ["name", "session", "steps"], "scenario");
  const options = scenario.session ?? {};
  rejectUnknown(options, ["seed", "phase", "ttl_seconds", "session_id"], "session");
  await using session = await client.createSession({
    seed: options.seed === undefined ? undefined : BigInt(options.seed),
    phase: options.phase,
    ttlSeconds: options.ttl_seconds,
    sessionId: options.session_id,
  });
  for (const [i, step] of scenario.steps.entries()) {
    const where = `step ${String(i + 1)} (${step.call ?? "no call"})`;
    rejectUnknown(step, STEP_KEYS, where);
    await checkOutcome(runStep(client, session, step), step, where);
  }
}

async function runStep(client: Client, session: Session, step: Step): Promise<Answer> {
  switch (step.call) {
    case "add_layer": {
      const parameters = tensorsOf(step.parameters ?? {});
      await session.addLayer(given(step.layer), given(step.type), step.config, { parameters });
      return {};
    }
    case "forward":
      return outputAnswer(
        await layerOf(session, step).forward(inputsOf(step), forwardOptions(step)),
      );
    case "backward": {
      const gradient = gradientOf(step);
      const options = backwardOptions(step);
      return gradientsAnswer(await layerOf(session, step).backward(gradient, options));
    }
    case "step":
      return stepAnswer(
        await layerOf(session, step).step(step.optimizer, { stepId: step.step_id }),
      );
    case "train_step": {
      const options = { stepId: step.step_id };
      const layer = layerOf(session, step);
      return stepAnswer(await layer.trainStep(dataOf(step), step.optimizer, options));
    }
    case "fit":
      return watchedAnswer(layerOf(session, step), step);
    case "clear_gradients":
      await layerOf(session, step).clearGradients();
      return {};
    case "list_optimizer_types":
      return { types: (await client.listOptimizerTypes()).map(({ type }) => type) };
    case "get_parameters":
      return { parameters: await layerOf(session, step).getParameters() };
    case "set_parameters":
      await layerOf(session, step).setParameters(tensorsOf(given(step.parameters)));
      return {};
    case "set_phase":
      layerOf(session, step).setPhase(given(step.phase));
      return {};
    case "get_session": {
      const { layers, seed, phase } = await client.getSession(session.sessionId);
      return { layers: layers.map(({ name }) => name), seed: String(seed), phase };
    }
    case "create_session": {
      const second = await client.createSession({ sessionId: given(step.session_id) });
      await second.delete();
      return {};
    }
    case "delete_session":
      await session.delete();
      return {};
    case "list_layer_types":
      return { types: (await client.listLayerTypes()).map(({ type }) => type) };
    case "stream": {
      await using stream = client.stream();
      const outcomes = given(step.operations).map(
        (operation) => [operation, sendThrough(stream, session, operation)] as const,
      );
      for (const [i, [operation, outcome]] of outcomes.entries()) {
        await checkOutcome(outcome, operation, `operation ${String(i + 1)}`);
      }
      return {};
    }
    default:
      throw new Error(`unknown call ${String(step.call)}`);
  }
}

/** Starts a training and watches it to its end. */
async function watchedAnswer(layer: Layer, step: Step): Promise<Answer> {
  const training = await layer.fit({
    dataset: given(step.dataset),
    loss: given(step.loss),
    optimizer: given(step.optimizer),
    epochs: given(step.epochs),
    seed: step.seed === undefined ? undefined : BigInt(step.seed),
    validationShare: step.validation_share,
  });
  const epochs: number[] = [];
  let state = "";
  for await (const event of training.watch()) {
    if (event.kind === "started" && step.cancel) await training.cancel();
    if (event.kind === "epoch") epochs.push(event.result.epoch);
    if (event.kind === "ended") state = event.info.state;
  }
  if (step.resume) await training.resume();
  return { epochs, state };
}

async function sendThrough(stream: ComputeStream, session: Session, step: Step): Promise<Answer> {
  rejectUnknown(step, OPERATION_KEYS, "operation");
  const layer = layerOf(session, step);
  const stepOptions = { stepId: step.step_id };
  switch (step.kind) {
    case "forward":
      return outputAnswer(await stream.forward(layer, inputsOf(step), forwardOptions(step)));
    case "backward": {
      const gradient = gradientOf(step);
      return gradientsAnswer(await stream.backward(layer, gradient, backwardOptions(step)));
    }
    case "step":
      return stepAnswer(await stream.step(layer, step.optimizer, stepOptions));
    case "train_step":
      return stepAnswer(await stream.trainStep(layer, dataOf(step), step.optimizer, stepOptions));
    default:
      throw new Error(`unknown kind ${String(step.kind)}`);
  }
}

async function checkOutcome(outcome: Promise<Answer>, step: Step, where: string): Promise<void> {
  let answer: Answer;
  try {
    answer = await outcome;
  } catch (error) {
    if (step.expect_error === undefined || !(error instanceof EdunnError)) throw error;
    checkError(error, step.expect_error, where);
    return;
  }
  assert.equal(step.expect_error, undefined, `${where} did not fail`);
  for (const [key, expected] of Object.entries(step.expect ?? {})) {
    checkAnswer(key, answer[key], expected, `${where}: ${key}`);
  }
}

function checkAnswer(key: string, got: unknown, expected: unknown, what: string): void {
  switch (key) {
    case "output":
    case "input_gradient":
      assertTensor(got as Tensor, expected as TensorJson, what);
      break;
    case "parameters":
    case "parameter_gradients":
      assertTensors(got as Record<string, Tensor>, expected as Tensors, what);
      break;
    case "forward_id":
    case "phase":
    case "layers":
    case "seed":
    case "steps":
    case "step_id":
    case "loss":
    case "epochs":
    case "state":
      assert.deepEqual(got, expected, what);
      break;
    case "types":
      for (const type of expected as string[]) {
        assert.ok((got as string[]).includes(type), `${what}: no ${type}`);
      }
      break;
    default:
      throw new Error(`${what}: unknown expectation`);
  }
}

function checkError(error: EdunnError, expected: Answer, where: string): void {
  const answer: Answer = {
    code: error.code,
    reason: error.reason,
    fields: error.violations.map(({ field }) => field).sort(),
    retry: error.retryDelayMs !== undefined,
  };
  for (const [key, wanted] of Object.entries(expected)) {
    assert.ok(key in answer, `${where}: unknown expectation ${key}`);
    const goal = key === "fields" ? [...(wanted as string[])].sort() : wanted;
    assert.deepEqual(answer[key], goal, `${where}: ${key} of "${error.message}"`);
  }
}

function layerOf(session: Session, step: Step): Layer {
  return session.layer(given(step.layer));
}

function inputsOf(step: Step): Inputs<FloatArray> {
  // A scenario may send what the types forbid.
  return given(step.inputs).map(tensorOf) as Tensor[] as [...Tensor[], FloatTensor];
}

function gradientOf(step: Step): FloatTensor {
  return tensorOf(given(step.output_gradient)) as Tensor as FloatTensor;
}

function forwardOptions({ phase, forward_id, untracked }: Step): ForwardOptions {
  return { phase, forwardId: forward_id, untracked };
}

function backwardOptions({ forward_id, accumulate }: Step): BackwardOptions {
  return { forwardId: forward_id, accumulate };
}

function dataOf(step: Step): TrainingData {
  return { inputs: inputsOf(step), target: tensorOf(given(step.target)), loss: given(step.loss) };
}

function stepAnswer({ stepId, steps, ...more }: StepResult): Answer {
  return { step_id: stepId, steps, ...more };
}

function outputAnswer(output: Output): Answer {
  return { output, forward_id: output.forwardId, phase: output.phase };
}

function gradientsAnswer({ inputGradient, parameterGradients }: Gradients): Answer {
  return { input_gradient: inputGradient, parameter_gradients: parameterGradients };
}

function given<Value>(value: Value | undefined): Value {
  assert.ok(value !== undefined, "the step leaves out what its call needs");
  return value;
}

function rejectUnknown(value: object, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  assert.deepEqual(unknown, [], `${where}: unknown keys`);
}

const OPERATION_KEYS = [
  "kind",
  "layer",
  "inputs",
  "phase",
  "forward_id",
  "untracked",
  "output_gradient",
  "accumulate",
  "target",
  "loss",
  "optimizer",
  "step_id",
  "expect",
  "expect_error",
];
const STEP_KEYS = [
  ...OPERATION_KEYS.filter((key) => key !== "kind"),
  "call",
  "type",
  "config",
  "parameters",
  "session_id",
  "dataset",
  "epochs",
  "seed",
  "validation_share",
  "cancel",
  "resume",
  "operations",
];
