/** The Compute stream: operations sent without waiting, each answered by a promise. */

import type { ServiceError } from "@grpc/grpc-js";

import { parse } from "./calls.js";
import {
  type ByteStream,
  type Cancellation,
  cancelled,
  checkedTimeout,
  type Connection,
} from "./connection.js";
import { CancelledError, DeadlineExceededError, UnavailableError } from "./errors.js";
import { INSPECT } from "./inspection.js";
import type { Layer } from "./layer.js";
import type { BackwardOptions, ForwardOptions, Gradients, Inputs } from "./layer-state.js";
import type { Headers, OperationOptions } from "./options.js";
import type { Output } from "./output.js";
import { type Entry, Pending, wrongAnswer } from "./pending.js";
import { LONGEST_TIMER_MS } from "./retries.js";
import { errorFromCall } from "./status.js";
import {
  beginStep,
  beginTrainStep,
  type OptimizerSpec,
  type StepOptions,
  type StepResult,
  type TrainingData,
  type TrainStepResult,
} from "./steps.js";
import { ComputeResponseSchema } from "./stubs/edunn_serving/v1/layer_service_pb.js";
import type { FloatArray, FloatTensor } from "./tensor.js";

/** How many operations of a stream are under way at once unless its caller says. */
export const DEFAULT_IN_FLIGHT = 64;

/** How a stream behaves. */
export interface StreamOptions {
  /** How many operations may be under way at once; 64 by default. */
  readonly inFlight?: number | undefined;
  /**
   * Milliseconds that operations may wait without a single answer coming before the stream is given
   * up; otherwise the client's. The stream itself may live for as long as it is used.
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the stream; what has no answer fails with a CancelledError. */
  readonly signal?: AbortSignal | undefined;
  /** Headers of the stream, besides the client's. */
  readonly metadata?: Headers | undefined;
}

/**
 * A Compute stream, made by `Client.stream`. It is opened by its first operation, as soon as there
 * is a connection.
 *
 * Operations of one session take effect in the order in which they are given, and a backward may be
 * given before its forward is answered. What is given at once travels together. An error is its own
 * operation's and the stream goes on. If the connection breaks, every operation without an answer
 * fails with UnavailableError; nothing is tried again, as the order would be lost.
 *
 * More operations than `inFlight` wait here; `await stream.ready` before each gives no more than
 * can be sent. A promise that nobody awaits keeps its error to itself: the program does not end.
 */
export class ComputeStream implements AsyncDisposable {
  readonly #inFlight: number;
  readonly #timeoutMs: number;
  readonly #pending: Pending;
  readonly #cancellation: Cancellation;
  readonly #connection: Connection;
  readonly #metadata: Headers | undefined;
  #stream: ByteStream | undefined;
  #over: Promise<void> | undefined;
  #room: Signal | undefined;
  #lastProgress = 0;
  #watch: NodeJS.Timeout | undefined;
  #flushScheduled = false;
  #writable = true;
  #closing = false;
  #ended: Error | undefined;

  /** @internal */
  constructor(connection: Connection, options: StreamOptions) {
    const { inFlight = DEFAULT_IN_FLIGHT, timeoutMs = connection.timeoutMs, signal } = options;
    if (!Number.isSafeInteger(inFlight) || inFlight < 1) {
      throw new RangeError(`inFlight must be a whole number from 1 on, not ${String(inFlight)}`);
    }
    this.#connection = connection;
    this.#metadata = options.metadata;
    this.#inFlight = inFlight;
    this.#timeoutMs = checkedTimeout(timeoutMs);
    this.#pending = new Pending(inFlight);
    this.#cancellation = connection.begin(signal);
    this.#cancellation.signal.addEventListener("abort", () => {
      if (this.#stream === undefined) this.#end();
    });
  }

  /** Resolves as soon as fewer than `inFlight` operations are under way, or the stream has ended. */
  get ready(): Promise<void> {
    if (this.#hasRoom) return Promise.resolve();
    this.#room ??= makeSignal();
    return this.#room.promise;
  }

  /** Returns `ComputeStream(open, 3 operations without an answer)`. */
  toString(): string {
    const state = this.#ended !== undefined ? "ended" : this.#closing ? "closing" : "open";
    return `ComputeStream(${state}, ${String(this.#pending.size)} operations without an answer)`;
  }

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }

  /** @internal Whether it can take no further operation, as it broke or was cancelled. */
  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Sends what `layer.forward` would and returns the promise of the output. */
  forward<A extends FloatArray>(
    layer: Layer,
    inputs: Inputs<A>,
    options: ForwardOptions & OperationOptions = {},
  ): Promise<Output<A>> {
    return this.#submit(options, (resolve, fail) => {
      const { request, decode } = layer.state.beginForward(inputs, options);
      return {
        operation: { case: "forward", value: request },
        settle: (result) => {
          if (result.case !== "forward") throw wrongAnswer("forward", result.case);
          resolve(decode(result.value));
        },
        fail,
      };
    });
  }

  /**
   * Sends what `layer.backward` would and returns the promise of the gradients.
   *
   * It belongs to the layer's latest forward at this moment, answered or not.
   */
  backward(
    layer: Layer,
    outputGradient: FloatTensor,
    options: BackwardOptions & OperationOptions = {},
  ): Promise<Gradients> {
    return this.#submit(options, (resolve, fail) => {
      const { request, decode } = layer.state.beginBackward(outputGradient, options);
      return {
        operation: { case: "backward", value: request },
        settle: (result) => {
          if (result.case !== "backward") throw wrongAnswer("backward", result.case);
          resolve(decode(result.value));
        },
        fail,
      };
    });
  }

  /** Sends what `layer.step` would and returns the promise of its result. */
  step(
    layer: Layer,
    optimizer?: OptimizerSpec,
    options: StepOptions & OperationOptions = {},
  ): Promise<StepResult> {
    return this.#submit(options, (resolve, fail) => {
      const { request, decode } = beginStep(layer.state, optimizer, options);
      return {
        operation: { case: "step", value: request },
        settle: (result) => {
          if (result.case !== "step") throw wrongAnswer("step", result.case);
          resolve(decode(result.value));
        },
        fail,
      };
    });
  }

  /** Sends what `layer.trainStep` would and returns the promise of its result. */
  trainStep(
    layer: Layer,
    data: TrainingData,
    optimizer?: OptimizerSpec,
    options: StepOptions & OperationOptions = {},
  ): Promise<TrainStepResult> {
    return this.#submit(options, (resolve, fail) => {
      const { request, decode } = beginTrainStep(layer.state, data, optimizer, options);
      return {
        operation: { case: "trainStep", value: request },
        settle: (result) => {
          if (result.case !== "trainStep") throw wrongAnswer("training step", result.case);
          resolve(decode(result.value));
        },
        fail,
      };
    });
  }

  /** Sends what is left, waits for all answers, and ends the stream. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#over === undefined) {
      this.#cancellation.end();
      return;
    }
    this.#scheduleFlush();
    await this.#over;
  }

  /** Ends the stream at once; what has no answer fails with a CancelledError. */
  cancel(): void {
    if (this.#closing && this.#over === undefined) return;
    this.#closing = true;
    this.#cancellation.cancel(new CancelledError("the stream was cancelled"));
  }

  /** Does what `close` does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #hasRoom(): boolean {
    return this.#ended !== undefined || this.#pending.size < this.#inFlight;
  }

  #submit<Value>(
    { timeoutMs, signal }: OperationOptions,
    begin: (resolve: (value: Value) => void, fail: (error: unknown) => void) => Entry,
  ): Promise<Value> {
    const limitMs = timeoutMs === undefined ? Infinity : checkedTimeout(timeoutMs);
    let release = (): void => undefined;
    const promise = new Promise<Value>((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      if (this.#closing) throw new TypeError("the stream has been closed");
      if (signal?.aborted === true) throw cancelled(signal);
      const forget = this.#pending.add(begin(resolve, reject), limitMs);
      release = following(signal, (reason) => {
        forget();
        this.#noteRoom();
        this.#scheduleFlush();
        reject(reason);
      });
      this.#over ??= this.#open();
      if (this.#stream === undefined) return;
      if (this.#pending.size === 1) this.#lastProgress = performance.now();
      this.#watch ??= this.#startWatch(this.#timeoutMs);
      this.#scheduleFlush();
    });
    // Node ends a program in which a promise fails before anybody awaits it. Here a caller gathers
    // promises while it waits for room, and comes to them later.
    promise.then(release, release);
    return promise;
  }

  /** Sends at the end of this turn of the event loop, together with what else the turn brings. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#ended !== undefined || this.#stream === undefined) return;
    while (this.#writable) {
      const message = this.#pending.nextMessage();
      if (message === undefined) break;
      this.#writable = this.#stream.write(message);
    }
    if (this.#closing && this.#pending.allSent) this.#stream.end();
  }

  /** Opens the stream, and resolves when it is over. */
  async #open(): Promise<void> {
    const { signal } = this.#cancellation;
    try {
      this.#stream = await this.#connection.openStream(this.#timeoutMs, this.#metadata, signal);
    } catch (error) {
      this.#end(error);
      return;
    }
    this.#lastProgress = performance.now();
    this.#watch = this.#startWatch(this.#timeoutMs);
    this.#scheduleFlush();
    await this.#read(this.#stream);
  }

  #read(stream: ByteStream): Promise<void> {
    return new Promise((resolve) => {
      const end = (failure?: ServiceError): void => {
        this.#end(failure === undefined ? undefined : errorFromCall(failure));
        resolve();
      };
      stream.on("data", (message: Buffer) => {
        this.#receive(message);
      });
      stream.on("drain", () => {
        this.#writable = true;
        this.#flush();
      });
      stream.on("error", end);
      stream.once("end", end);
    });
  }

  #receive(message: Buffer): void {
    this.#lastProgress = performance.now();
    try {
      for (const result of parse(ComputeResponseSchema, message).results) {
        this.#pending.settle(result);
      }
    } catch (error) {
      this.#cancellation.cancel(error);
    }
    this.#noteRoom();
    this.#scheduleFlush();
  }

  #end(failure?: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = this.#whyEnded(failure);
    clearTimeout(this.#watch);
    this.#cancellation.end();
    this.#pending.failAll(this.#ended);
    this.#noteRoom();
  }

  #whyEnded(failure: unknown): Error {
    const { signal } = this.#cancellation;
    if (signal.aborted) return cancelled(signal);
    if (failure instanceof Error) return failure;
    return new UnavailableError("the stream ended before the answer came");
  }

  #noteRoom(): void {
    if (this.#room === undefined || !this.#hasRoom) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  #startWatch(afterMs: number): NodeJS.Timeout {
    return setTimeout(
      () => {
        const leftMs = this.#lastProgress + this.#timeoutMs - performance.now();
        this.#watch = undefined;
        if (this.#pending.size === 0) return;
        if (leftMs > 0) {
          this.#watch = this.#startWatch(leftMs);
          return;
        }
        const waited = `${String(this.#timeoutMs)} ms`;
        this.#cancellation.cancel(
          new DeadlineExceededError(`no operation of the stream was answered for ${waited}`),
        );
      },
      Math.min(afterMs, LONGEST_TIMER_MS),
    );
  }
}

interface Signal {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function makeSignal(): Signal {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Calls `cancel` when the signal aborts; returns what ends that. */
function following(signal: AbortSignal | undefined, cancel: (reason: Error) => void): () => void {
  if (signal === undefined) return () => undefined;
  const onAbort = (): void => {
    cancel(cancelled(signal));
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return () => {
    signal.removeEventListener("abort", onAbort);
  };
}
