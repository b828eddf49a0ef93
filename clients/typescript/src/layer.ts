/** A layer of a session. */

import * as calls from "./calls.js";
import type { Connection } from "./connection.js";
import type { Config } from "./config.js";
import type { LayerInfo, ParameterInfo } from "./descriptions.js";
import { INSPECT, type Inspect, type InspectOptions } from "./inspection.js";
import type {
  BackwardOptions,
  ForwardOptions,
  Gradients,
  Inputs,
  LayerState,
} from "./layer-state.js";
import { downloadCall } from "./model-file.js";
import type { CallOptions } from "./options.js";
import type { Output } from "./output.js";
import type { Phase } from "./phase.js";
import {
  type OptimizerSpec,
  stepCall,
  type StepOptions,
  type StepResult,
  trainStepCall,
  type TrainingData,
  type TrainStepResult,
} from "./steps.js";
import { LayerService } from "./stubs/edunn_serving/v1/layer_service_pb.js";
import { startTraining, Training, type TrainingOptions } from "./training.js";
import type { FloatArray, FloatTensor, Tensor } from "./tensor.js";

/**
 * A layer that the service computes, made by `Session.addLayer`, or found in `Session.layers`.
 *
 * The latest forward and the default phase belong to this object. Where several parts of a program
 * use it at once, they name their forwards: `backward(g, { forwardId: y.forwardId })`.
 */
export class Layer {
  readonly #connection: Connection;
  readonly #sessionId: string;
  /** @internal */
  readonly state: LayerState;

  /** @internal */
  constructor(connection: Connection, sessionId: string, state: LayerState) {
    this.#connection = connection;
    this.#sessionId = sessionId;
    this.state = state;
  }

  /** Returns `Layer("drop", Dropout)`. */
  toString(): string {
    return `Layer(${JSON.stringify(this.name)}, ${this.type || "of a type not known yet"})`;
  }

  /** Returns what JSON can say of it: how it stands, as far as this object knows. */
  toJSON(): LayerInfo {
    return this.state.info;
  }

  /** @internal */
  [INSPECT](_depth: number, options: InspectOptions, inspect: Inspect): string {
    return `${this.toString()} ${inspect(this.config, options)}`;
  }

  /** The name by which the session knows it. */
  get name(): string {
    return this.state.info.name;
  }

  /** The layer type, a name of the catalogue. */
  get type(): string {
    return this.state.info.type;
  }

  /** The configuration as its creator gave it. */
  get config(): Config {
    return this.state.info.config;
  }

  /** The parameters and buffers without their values. */
  get parameterInfo(): readonly ParameterInfo[] {
    return this.state.info.parameters;
  }

  /** The latest tracked forward, which `backward` goes back through; empty before the first. */
  get forwardId(): string {
    return this.state.forwardId;
  }

  /** The phase of the forwards that name none. */
  get phase(): Phase {
    return this.state.phase;
  }

  /** Chooses the phase of this layer's forwards from now on, as seen from this client alone. */
  setPhase(phase: Phase): void {
    this.state.phase = phase;
  }

  /**
   * Computes the layer's output.
   *
   * @param inputs - a tensor, its first axis the batch; `[yTrue, y]` for a loss
   * @returns the output, in the element type of the (last) input; of a loss one error a sample, in
   * the shape [n, 1]
   * @throws InvalidArgumentError where the layer takes another shape or element type
   * @throws AlreadyExistsError where `forwardId` names a forward of other inputs
   */
  async forward<A extends FloatArray>(
    inputs: Inputs<A>,
    options: ForwardOptions & CallOptions = {},
  ): Promise<Output<A>> {
    return this.#connection.run(() => this.state.forwardCall(inputs, options), options);
  }

  /**
   * Computes the gradients of this object's latest forward that was answered, or of the one named.
   *
   * @param outputGradient - the gradient of the error with respect to the output, in its shape
   * @throws FailedPreconditionError for the reason NO_FORWARD before this object's first forward,
   * FORWARD_STALE where the parameters have changed since, CONTEXT_EVICTED where the session had no
   * room for what the backward needs
   * @throws NotFoundError where there is no forward of that name
   */
  async backward(
    outputGradient: FloatTensor,
    options: BackwardOptions & CallOptions = {},
  ): Promise<Gradients> {
    return this.#connection.run(() => this.state.backwardCall(outputGradient, options), options);
  }

  /**
   * Changes the parameters by one step of an optimizer on the gradients that backwards with
   * `accumulate` have kept, and clears these.
   *
   * @param optimizer - such as `{ type: "Adam", config: { lr: 0.01 } }`; left out, that of the last
   * step. Another one than that begins anew.
   * @throws FailedPreconditionError for the reason NO_GRADIENTS where none are kept, NO_OPTIMIZER
   * where none is given before the first step, NOT_FINITE where a gradient has a NaN or an infinity;
   * then nothing is changed
   */
  async step(
    optimizer?: OptimizerSpec,
    options: StepOptions & CallOptions = {},
  ): Promise<StepResult> {
    return this.#connection.run(() => stepCall(this.state, optimizer, options), options);
  }

  /**
   * Runs forward, loss, backward and step in one call, in the training phase.
   *
   * @param data - `{ inputs, target, loss }`
   * @param optimizer - as for `step`, whose errors this has too
   */
  async trainStep(
    data: TrainingData,
    optimizer?: OptimizerSpec,
    options: StepOptions & CallOptions = {},
  ): Promise<TrainStepResult> {
    const makeCall = (): calls.Call<TrainStepResult> =>
      trainStepCall(this.state, data, optimizer, options);
    return this.#connection.run(makeCall, options);
  }

  /** Forgets the gradients that the service keeps for the next step. */
  async clearGradients(options?: CallOptions): Promise<void> {
    return this.#connection.run(() => calls.clearGradients(this.#sessionId, this.name), options);
  }

  /**
   * Starts a training of this layer at the service, and returns it while it goes on.
   *
   * The service trains a copy. At the end the layer gets its parameters, unless its own have changed
   * meanwhile: `outcome` tells.
   */
  async fit(training: TrainingOptions, options?: CallOptions): Promise<Training> {
    const start = startTraining(this.state, training);
    return new Training(this.#connection, await this.#connection.run(() => start, options));
  }

  /**
   * Returns the layer as a model file: safetensors, with the parameters and buffers by name and the
   * layer's type and configuration in its metadata. edunn, PyTorch and all that know the format read
   * it. `Session.importModel` takes it.
   */
  async exportModel(options?: CallOptions): Promise<Uint8Array> {
    const request = { sessionId: this.#sessionId, layer: this.name };
    const call = downloadCall(LayerService.method.exportModel, request);
    return this.#connection.run(() => call, options);
  }

  /**
   * Returns the parameters, and the buffers (what the layer keeps but does not learn, such as
   * BatchNorm's running statistics), by name; inside a Sequential `layer(w)`.
   */
  async getParameters(options?: CallOptions): Promise<Record<string, FloatTensor>> {
    return this.#connection.run(() => calls.getParameters(this.#sessionId, this.name), options);
  }

  /**
   * Replaces parameters or buffers, in the shapes that the layer has; those left out stay.
   *
   * A later backward of an earlier forward then fails with FORWARD_STALE.
   *
   * @throws InvalidArgumentError for an unknown name or another shape
   */
  async setParameters(
    parameters: Readonly<Record<string, Tensor>>,
    options?: CallOptions,
  ): Promise<void> {
    const makeCall = (): calls.Call<void> =>
      calls.setParameters(this.#sessionId, this.name, parameters);
    return this.#connection.run(makeCall, options);
  }
}
