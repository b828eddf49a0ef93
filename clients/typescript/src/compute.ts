/** Operations through a stream, from one iteration to another. */

import { EdunnError } from "./errors.js";
import type { Layer } from "./layer.js";
import type { BackwardOptions, ForwardOptions, Gradients, Inputs } from "./layer-state.js";
import type { OperationOptions } from "./options.js";
import type { Output } from "./output.js";
import type {
  OptimizerSpec,
  StepOptions,
  StepResult,
  TrainingData,
  TrainStepResult,
} from "./steps.js";
import type { ComputeStream } from "./stream.js";
import type { FloatArray, FloatTensor } from "./tensor.js";

/** A forward for `Client.compute`. */
export interface ForwardOperation extends ForwardOptions, OperationOptions {
  readonly kind: "forward";
  readonly layer: Layer;
  /** One tensor for a layer; `[yTrue, y]` for a loss. */
  readonly inputs: Inputs<FloatArray>;
}

/** A backward for `Client.compute`, of the layer's latest forward when its turn to be sent comes. */
export interface BackwardOperation extends BackwardOptions, OperationOptions {
  readonly kind: "backward";
  readonly layer: Layer;
  readonly outputGradient: FloatTensor;
}

/** A step for `Client.compute`. */
export interface StepOperation extends StepOptions, OperationOptions {
  readonly kind: "step";
  readonly layer: Layer;
  /** Left out, that of the layer's last step. */
  readonly optimizer?: OptimizerSpec | undefined;
}

/** A training step for `Client.compute`. */
export interface TrainStepOperation extends StepOptions, TrainingData, OperationOptions {
  readonly kind: "trainStep";
  readonly layer: Layer;
  /** Left out, that of the layer's last step. */
  readonly optimizer?: OptimizerSpec | undefined;
}

/** An operation for `Client.compute`. */
export type Operation = ForwardOperation | BackwardOperation | StepOperation | TrainStepOperation;

/** How an operation of `Client.compute` ended; `operation` is the object that was given. */
export type Result =
  | {
      readonly kind: "forward";
      readonly operation: ForwardOperation;
      readonly output: Output<FloatArray>;
    }
  | ({ readonly kind: "backward"; readonly operation: BackwardOperation } & Gradients)
  | ({ readonly kind: "step"; readonly operation: StepOperation } & StepResult)
  | ({ readonly kind: "trainStep"; readonly operation: TrainStepOperation } & TrainStepResult)
  | { readonly kind: "error"; readonly operation: Operation; readonly error: EdunnError };

/** Runs operations through a stream of their own and yields their results as they come. */
export async function* compute(
  openStream: () => ComputeStream,
  operations: Iterable<Operation> | AsyncIterable<Operation>,
  inFlight: number,
): AsyncGenerator<Result, void, undefined> {
  const stream = openStream();
  const feed = new Feed(stream, inFlight);
  feed.begin(operations);
  try {
    for (;;) {
      const result = await feed.next();
      if (result === undefined) break;
      yield result;
    }
    await stream.close();
  } finally {
    feed.leave();
    stream.cancel();
  }
}

/** Takes operations while their results are taken, and no more than `inFlight` ahead of that. */
class Feed {
  readonly #stream: ComputeStream;
  readonly #inFlight: number;
  readonly #results: Result[] = [];
  /** How many operations have been taken whose results have not. */
  #ahead = 0;
  #exhausted = false;
  #left = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeReader = (): void => undefined;
  #wakeWriter = (): void => undefined;

  constructor(stream: ComputeStream, inFlight: number) {
    this.#stream = stream;
    this.#inFlight = inFlight;
  }

  /** Begins to take operations; it goes on beside whoever calls `next`. */
  begin(operations: Iterable<Operation> | AsyncIterable<Operation>): void {
    this.#take(operations).catch((error: unknown) => {
      this.#fail(error);
    });
  }

  /** Returns the next result, or undefined when the last has been taken. */
  async next(): Promise<Result | undefined> {
    for (;;) {
      const result = this.#results.shift();
      if (result !== undefined) {
        this.#ahead -= 1;
        this.#wakeWriter();
        return result;
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#exhausted && this.#ahead === 0) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  /** Takes no further operation. */
  leave(): void {
    this.#left = true;
    this.#wakeWriter();
  }

  #hasLeft(): boolean {
    return this.#left;
  }

  async #take(operations: Iterable<Operation> | AsyncIterable<Operation>): Promise<void> {
    for await (const operation of operations) {
      if (this.#hasLeft()) return;
      this.#ahead += 1;
      const last = this.#stream.hasEnded;
      run(this.#stream, operation).then(
        (result) => {
          this.#results.push(result);
          this.#wakeReader();
        },
        (error: unknown) => {
          this.#fail(error);
        },
      );
      if (last) break;
      while (this.#ahead >= this.#inFlight && !this.#hasLeft()) {
        await new Promise<void>((resolve) => {
          this.#wakeWriter = resolve;
        });
      }
      if (this.#hasLeft()) return;
    }
    this.#exhausted = true;
    this.#wakeReader();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wakeReader();
  }
}

async function run(stream: ComputeStream, operation: Operation): Promise<Result> {
  try {
    switch (operation.kind) {
      case "forward": {
        const { kind, layer, inputs } = operation;
        return { kind, operation, output: await stream.forward(layer, inputs, operation) };
      }
      case "backward": {
        const { kind, layer, outputGradient } = operation;
        return { kind, operation, ...(await stream.backward(layer, outputGradient, operation)) };
      }
      case "step": {
        const { kind, layer, optimizer } = operation;
        return { kind, operation, ...(await stream.step(layer, optimizer, operation)) };
      }
      case "trainStep": {
        const { kind, layer, optimizer } = operation;
        const done = await stream.trainStep(layer, operation, optimizer, operation);
        return { kind, operation, ...done };
      }
      default:
        throw new TypeError(
          `an operation is of the kind forward, backward, step or trainStep, not ${kindOf(operation)}`,
        );
    }
  } catch (error) {
    if (error instanceof EdunnError) return { kind: "error", operation, error };
    throw error;
  }
}

/** Returns the kind of what is no operation, for a program without types. */
function kindOf(operation: unknown): string {
  return String((operation as { kind?: unknown } | null | undefined)?.kind);
}
