/** The program of clients/conformance/program, whose lines are the same in every language. */

import assert from "node:assert/strict";

import {
  type Client,
  type Config,
  type FloatTensor,
  type Layer,
  type Operation,
  type Session,
  Tensor,
  UnavailableError,
} from "edunn-client";

import { readJson, sha256 } from "./tensor-json.js";

const LAYERS = new URL("../../../conformance/program/layers.json", import.meta.url);
const STREAMED = 2500;
const DIGESTED_TOGETHER = 250;

type FloatType = "float64" | "float32";

// What is odd of numbers, as bits: NaNs with payloads, infinities, zeros, subnormals, the extremes.
const ODD = {
  float64: new Float64Array(
    BigUint64Array.of(
      ...[0x7ff8000000000000n, 0x7ff8000000000abcn, 0xfff8deadbeef0001n, 0x7ff0000000000000n],
      ...[0xfff0000000000000n, 0x0000000000000000n, 0x8000000000000000n, 0x0000000000000001n],
      ...[0x800fffffffffffffn, 0x0010000000000000n, 0x7fefffffffffffffn, 0x3ff0000000000001n],
    ).buffer,
  ),
  float32: new Float32Array(
    Uint32Array.of(
      ...[0x7fc00000, 0x7fc00abc, 0xffdead01, 0x7f800000],
      ...[0xff800000, 0x00000000, 0x80000000, 0x00000001],
      ...[0x807fffff, 0x00800000, 0x7f7fffff, 0x3f800001],
    ).buffer,
  ),
};

interface LayerCase {
  readonly name: string;
  readonly type: string;
  readonly config: Config;
  readonly shape: readonly number[];
}

/** Runs the program and prints its lines. */
export async function printNumbers(client: Client, sessions: number): Promise<void> {
  for (const type of ["float64", "float32"] as const) {
    await inSession(client, 7, (session) => runLayers(session, type));
    await inSession(client, 8, async (session) => {
      const drop = await addDropout(session);
      await runForwardsInFlight(drop, type);
      await train(session, type);
      await trainAtTheService(session, type);
      await passOddNumbers(drop, type);
    });
  }
  await inSession(client, 9, async (session) => {
    const [output, gradient] = await dropOnce(session, ramp("float64", [2560, 1024]));
    show("20 MiB output", output);
    show("20 MiB gradient", gradient);
  });
  const run = (session: Session): Promise<[FloatTensor, FloatTensor]> =>
    dropOnce(session, ramp("float64", [4, 8]));
  const seeds = Array.from({ length: sessions }, (_, seed) => seed);
  const both = await Promise.all(seeds.map((seed) => inSession(client, seed, run)));
  show("sessions", ...both.flat());
  await inSession(client, 10, (session) => runStream(client, session));
}

async function runLayers(session: Session, type: FloatType): Promise<void> {
  for (const each of readJson(LAYERS) as readonly LayerCase[]) {
    const layer = await session.addLayer(each.name, each.type, each.config);
    for (const phase of ["training", "test"] as const) {
      const what = `${type} ${each.name} ${phase}`;
      const output = await layer.forward(ramp(type, each.shape), { phase });
      const gradients = await layer.backward(ramp(type, output.shape));
      show(`${what} output`, output);
      show(`${what} gradient`, gradients.inputGradient);
      showAll(what, gradients.parameterGradients);
    }
    showAll(`${type} ${each.name} kept`, await layer.getParameters());
  }
}

async function runForwardsInFlight(drop: Layer, type: FloatType): Promise<void> {
  const x = ramp(type, [4, 8]);
  const outputs = [await drop.forward(x), await drop.forward(x), await drop.forward(x)];
  for (const at of [1, 2, 0]) {
    const output = found(outputs[at]);
    show(`${type} in flight output ${String(at)}`, output);
    const { inputGradient } = await drop.backward(x, { forwardId: output.forwardId });
    show(`${type} in flight gradient ${String(at)}`, inputGradient);
  }
}

async function train(session: Session, type: FloatType): Promise<void> {
  const net = await session.addLayer("net", "Linear", { input_size: 3, output_size: 2 });
  const loss = await session.addLayer("loss", "MeanError", { sample_error: "SquaredError" });
  const [x, goal, one] = [ramp(type, [4, 3]), ramp(type, [4, 2]), tensorOf(type, [1], [])];
  // The service keeps parameters in float64; this program trains in its own data type.
  const drawn = found((await net.getParameters())["w"]);
  let w = tensorOf(type, drawn.data, drawn.shape);
  for (let step = 0; step < 5; step++) {
    await net.setParameters({ w });
    const output = await net.forward(x);
    show(`${type} training loss ${String(step)}`, await loss.forward([goal, output]));
    const { inputGradient } = await loss.backward(one);
    const slopes = found((await net.backward(inputGradient)).parameterGradients["w"]);
    // A product with 0.125 is exact, so that the difference is rounded once.
    const next = Array.from(w.data, (value, i) => value - 0.125 * (slopes.data[i] ?? NaN));
    w = tensorOf(type, next, w.shape);
  }
  show(`${type} training w`, w);
}

/** Steps by training steps, then on two backwards that leave their gradients at the service. */
async function trainAtTheService(session: Session, type: FloatType): Promise<void> {
  const net = await session.addLayer("stepped", "Linear", { input_size: 3, output_size: 2 });
  const loss = await session.addLayer("squared", "SquaredError");
  const data = { inputs: ramp(type, [4, 3]), target: ramp(type, [4, 2]), loss };
  for (let step = 0; step < 3; step++) {
    const done = await net.trainStep(data, { type: "Adam", config: { lr: 0.125 } });
    show(`${type} training step ${String(done.steps)} loss`, Tensor.from(done.loss));
  }
  show(`${type} training steps w`, found((await net.getParameters())["w"]));
  for (let i = 0; i < 2; i++) {
    const output = await net.forward(data.inputs);
    await net.backward(ramp(type, output.shape), { accumulate: true });
  }
  const { steps } = await net.step({ type: "GradientDescent", config: { lr: 0.125 } });
  show(`${type} step ${String(steps)} w`, found((await net.getParameters())["w"]));
}

async function passOddNumbers(drop: Layer, type: FloatType): Promise<void> {
  const odd: FloatTensor =
    type === "float64" ? new Tensor(ODD.float64, [12]) : new Tensor(ODD.float32, [12]);
  for (const phase of ["test", "training"] as const) {
    show(`${type} odd ${phase} output`, await drop.forward(odd, { phase }));
    show(`${type} odd ${phase} gradient`, (await drop.backward(odd)).inputGradient);
  }
}

/** Sends all operations through one stream, and what a broken stream leaves through another. */
async function runStream(client: Client, session: Session): Promise<void> {
  const drop = await addDropout(session);
  const answers: (FloatTensor | undefined)[] = Array.from({ length: 2 * STREAMED });
  while (answers.includes(undefined)) {
    const numbered = new Map<Operation, number>();
    answers.forEach((answer, at) => {
      if (answer === undefined) numbered.set(streamOperation(drop, at), at);
    });
    try {
      for await (const result of client.compute(numbered.keys())) {
        const at = found(numbered.get(result.operation));
        if (result.kind === "forward") answers[at] = result.output;
        else if (result.kind === "backward") answers[at] = result.inputGradient;
        else if (result.kind === "error" && !(result.error instanceof UnavailableError)) {
          throw result.error;
        }
      }
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
    }
  }
  for (let begin = 0; begin < answers.length; begin += DIGESTED_TOGETHER) {
    const together = answers.slice(begin, begin + DIGESTED_TOGETHER) as FloatTensor[];
    show(`stream ${String(begin)}`, ...together);
  }
}

/** Returns forward 0, backward 0, forward 1, ...: named, so that they can be repeated. */
function streamOperation(layer: Layer, at: number): Operation {
  const [x, forwardId] = [ramp("float64", [4, 8]), `s${String(Math.floor(at / 2))}`];
  return at % 2 === 1
    ? { kind: "backward", layer, outputGradient: x, forwardId }
    : { kind: "forward", layer, inputs: x, forwardId };
}

async function inSession<Value>(
  client: Client,
  seed: number,
  run: (session: Session) => Promise<Value>,
): Promise<Value> {
  await using session = await client.createSession({ seed });
  return await run(session);
}

function addDropout(session: Session): Promise<Layer> {
  return session.addLayer("drop", "Dropout", { p: 0.5 });
}

/** Returns the output and the input gradient of a Dropout. */
async function dropOnce(session: Session, x: FloatTensor): Promise<[FloatTensor, FloatTensor]> {
  const drop = await addDropout(session);
  const output = await drop.forward(x);
  return [output, (await drop.backward(x)).inputGradient];
}

/** Returns numbers that every language computes alike: no rounding, in float32 neither. */
function ramp(type: FloatType, shape: readonly number[]): FloatTensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float64Array.from({ length: size }, (_, i) => ((i * 7919) % 2003) / 1024 - 1);
  return tensorOf(type, values, shape);
}

function tensorOf(
  type: FloatType,
  values: ArrayLike<number>,
  shape: readonly number[],
): FloatTensor {
  return type === "float64"
    ? new Tensor(Float64Array.from(values), shape)
    : new Tensor(Float32Array.from(values), shape);
}

function found<Value>(value: Value | undefined): Value {
  assert.ok(value !== undefined);
  return value;
}

function showAll(what: string, tensors: Readonly<Record<string, Tensor>>): void {
  for (const name of Object.keys(tensors).sort()) show(`${what} ${name}`, found(tensors[name]));
}

/** Prints a digest of the tensors' bytes. */
function show(what: string, ...tensors: readonly Tensor[]): void {
  console.log(`${what} ${sha256(tensors).slice(0, 16)}`);
}
