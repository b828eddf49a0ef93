/** The connection to a service. */

import * as calls from "./calls.js";
import type { SessionOptions } from "./calls.js";
import { compute, type Operation, type Result } from "./compute.js";
import { Connection } from "./connection.js";
import {
  type DatasetInfo,
  deleteDataset,
  listDatasets,
  NewDataset,
  type UploadOptions,
} from "./datasets.js";
import type { LayerType, OptimizerType, SessionInfo } from "./descriptions.js";
import * as grading from "./grading.js";
import type { Attempt, AttemptOptions, ChallengeAnswer, Report } from "./grading.js";
import { INSPECT } from "./inspection.js";
import type { CallOptions, ClientOptions } from "./options.js";
import { Session } from "./session.js";
import type { Tensor } from "./tensor.js";
import { listTrainings, Training, trainingCall } from "./training.js";
import type { TrainingInfo } from "./training-info.js";
import { ComputeStream, DEFAULT_IN_FLIGHT, type StreamOptions } from "./stream.js";

/**
 * A connection to an edunn-serving service, made at the first call.
 *
 * ```ts
 * using client = new Client("localhost:50051");
 * await using session = await client.createSession({ seed: 7n });
 * const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
 * const y = await drop.forward(x);
 * const { inputGradient } = await drop.backward(g);
 * ```
 */
export class Client implements Disposable {
  /** The service's `host:port`. */
  get address(): string {
    return this.#connection.endpoint.address;
  }
  readonly #connection: Connection;

  /**
   * Makes a client; the connection itself is made at the first call.
   *
   * @param address - `host:port`, or several separated by commas, which then take turns; left out,
   * `EDUNN_TARGET` of the environment
   * @throws TypeError where the address is none, with a sentence that says what to write
   */
  constructor(address?: string, options?: ClientOptions);
  constructor(options?: ClientOptions);
  constructor(address?: string | ClientOptions, options: ClientOptions = {}) {
    const given = address ?? undefined;
    this.#connection =
      typeof given === "object" ? new Connection(undefined, given) : new Connection(given, options);
  }

  /** Returns the catalogue: the layer types that a session can have, by name. */
  async listLayerTypes(options?: CallOptions): Promise<LayerType[]> {
    return this.#connection.run(calls.listLayerTypes, options);
  }

  /** Returns the catalogue of the optimizers that a step can use, by name. */
  async listOptimizerTypes(options?: CallOptions): Promise<OptimizerType[]> {
    return this.#connection.run(calls.listOptimizerTypes, options);
  }

  /**
   * Creates a session. `await using` deletes it at the end of the block.
   *
   * @throws AlreadyExistsError where the chosen `sessionId` is taken
   */
  async createSession(options: SessionOptions & CallOptions = {}): Promise<Session> {
    const info = await this.#connection.run(() => calls.createSession(options), options);
    return new Session(this.#connection, info, true);
  }

  /**
   * Returns a session that exists, with its layers.
   *
   * Its forwards are counted under names of their own, so that they never meet those of whoever
   * created it. Where a mask must be reproducible, name the forward by `forwardId`.
   *
   * @throws NotFoundError where there is none of that name, or it is somebody else's
   */
  async attachSession(sessionId: string, options?: CallOptions): Promise<Session> {
    return new Session(this.#connection, await this.getSession(sessionId, options), false);
  }

  /** Returns how a session stands: its layers, phase, seed and expiry. */
  async getSession(sessionId: string, options?: CallOptions): Promise<SessionInfo> {
    return this.#connection.run(() => calls.getSession(sessionId), options);
  }

  /** Returns a training by its name. */
  async training(trainingId: string, options?: CallOptions): Promise<Training> {
    const info = await this.#connection.run(() => trainingCall("getTraining", trainingId), options);
    return new Training(this.#connection, info);
  }

  /** Yields the caller's trainings, the newest first, without what was measured of their epochs. */
  async *trainings(options?: CallOptions): AsyncGenerator<TrainingInfo, void, undefined> {
    let token = "";
    do {
      const call = listTrainings(token);
      const { page, next } = await this.#connection.run(() => call, options);
      yield* page;
      token = next;
    } while (token !== "");
  }

  /**
   * Stores a data set at the service, for trainings. Elements that it has are not sent again.
   *
   * @param x - the inputs
   * @param y - labels or numbers, one for each input
   * @throws AlreadyExistsError where another data set has the name, unless `replace` is set
   */
  async uploadDataset(
    name: string,
    x: Tensor,
    y: Tensor,
    options: UploadOptions = {},
  ): Promise<DatasetInfo> {
    const dataset = new NewDataset(name, x, y, options.replace ?? false);
    const stored = await this.datasets(options);
    return this.#connection.run(() => dataset.upload(stored), options);
  }

  /** Returns the caller's data sets and those that the service brings, by name. */
  async datasets(options?: CallOptions): Promise<DatasetInfo[]> {
    return this.#connection.run(listDatasets, options);
  }

  /** Removes a data set of the caller's. */
  async deleteDataset(name: string, options?: CallOptions): Promise<void> {
    return this.#connection.run(() => deleteDataset(name), options);
  }

  /** Opens a Compute stream, for many operations at once. */
  stream(options: StreamOptions = {}): ComputeStream {
    return new ComputeStream(this.#connection, options);
  }

  /**
   * Runs forwards, backwards and steps through a stream, yielding results as they come.
   *
   * At most `inFlight` operations are taken from `operations` whose results have not been taken
   * from here, so `operations` may be endless. If the stream breaks, what is under way has its error
   * and no more than one further operation is taken.
   */
  compute(
    operations: Iterable<Operation> | AsyncIterable<Operation>,
    options: StreamOptions = {},
  ): AsyncGenerator<Result, void, undefined> {
    return compute(() => this.stream(options), operations, options.inFlight ?? DEFAULT_IN_FLIGHT);
  }

  /**
   * Begins an attempt at an assignment.
   *
   * @throws NotFoundError where there is no such assignment
   */
  async startAttempt(
    assignment: string,
    options: AttemptOptions & CallOptions = {},
  ): Promise<Attempt> {
    return this.#connection.run(() => grading.startAttempt(assignment, options), options);
  }

  /**
   * Submits the answers of an attempt, by challenge id, and returns the report. It is safe to repeat.
   *
   * @param source - the program's source, 256 KiB at most, kept for the graders and never run
   */
  async submitAnswers(
    attemptId: string,
    answers: Readonly<Record<string, ChallengeAnswer>>,
    options: { readonly source?: Uint8Array | undefined } & CallOptions = {},
  ): Promise<Report> {
    const source = options.source ?? new Uint8Array();
    return this.#connection.run(() => grading.submitAnswers(attemptId, answers, source), options);
  }

  /** Returns the newest report of an attempt. */
  async getReport(attemptId: string, options?: CallOptions): Promise<Report> {
    return this.#connection.run(() => grading.getReport(attemptId), options);
  }

  /** Returns `Client("localhost:50051")`. */
  toString(): string {
    return `Client(${JSON.stringify(this.address)})`;
  }

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }

  /** Closes the connection; calls and streams under way are cancelled. */
  close(): void {
    this.#connection.close();
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.close();
  }
}
