/** A session: named layers and what their backwards need, kept by the service. */

import * as calls from "./calls.js";
import type { Config } from "./config.js";
import type { Connection } from "./connection.js";
import { jsonOf, type LayerInfo, type SessionInfo, sessionInfo } from "./descriptions.js";
import { EdunnError, NotFoundError } from "./errors.js";
import { ForwardIds } from "./forward-ids.js";
import { INSPECT, type Inspect, type InspectOptions } from "./inspection.js";
import { Layer } from "./layer.js";
import { LayerState } from "./layer-state.js";
import type { LayerConfigs, LayerTypeName } from "./layer-types.js";
import { importModel } from "./model-file.js";
import type { CallOptions } from "./options.js";
import type { Phase } from "./phase.js";
import type { Tensor } from "./tensor.js";

/** What a new layer may be given besides its configuration. */
export interface LayerOptions extends CallOptions {
  /** Initial values by name; what is left out is initialised from the session's seed. */
  readonly parameters?: Readonly<Record<string, Tensor>> | undefined;
}

/** The configuration of a layer type; that of a type which this client does not know is any. */
export type ConfigOf<T> = T extends LayerTypeName ? LayerConfigs[T] : Config;

/**
 * A session, made by `Client.createSession` or `Client.attachSession`.
 *
 * `await using session = await client.createSession()` deletes it at the end of the block; a session
 * attached to lives on.
 */
export class Session implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #created: boolean;
  readonly #ids: ForwardIds;
  readonly #layers = new Map<string, Layer>();
  #info: SessionInfo;

  /** @internal */
  constructor(connection: Connection, info: SessionInfo, created: boolean) {
    this.#connection = connection;
    this.#info = info;
    this.#created = created;
    this.#ids = new ForwardIds(created);
    for (const layer of info.layers) this.#know(layer);
  }

  /** Returns `Session("name", seed 7)`. */
  toString(): string {
    return `Session(${JSON.stringify(this.sessionId)}, seed ${String(this.seed)})`;
  }

  /** Returns what JSON can say of it: `info`, with the seed as a decimal string. */
  toJSON(): ReturnType<typeof jsonOf> {
    return jsonOf(this.#info);
  }

  /** @internal */
  [INSPECT](_depth: number, options: InspectOptions, inspect: Inspect): string {
    return `${this.toString()} ${inspect([...this.#layers.values()], options)}`;
  }

  /** The session's name. */
  get sessionId(): string {
    return this.#info.sessionId;
  }

  /** The phase of the forwards that name none. */
  get phase(): Phase {
    return this.#info.phase;
  }

  /** The seed given, or the one that the service drew. */
  get seed(): bigint {
    return this.#info.seed;
  }

  /** How the session stood when the service was last asked, and the layers added here since. */
  get info(): SessionInfo {
    return this.#info;
  }

  /** The layers by name, as far as this object knows of them. */
  get layers(): ReadonlyMap<string, Layer> {
    return this.#layers;
  }

  /**
   * Adds a layer to the session.
   *
   * @param name - how the session's other calls address it
   * @param type - a name of the catalogue, such as `"Dropout"`
   * @param config - its configuration, such as `{ p: 0.5 }`; what is left out takes its default
   * @throws NotFoundError where the catalogue has no such type
   * @throws InvalidArgumentError where the configuration or a parameter is wrong; `violations` names
   * the fields, such as `layer.config.p`
   * @throws AlreadyExistsError where the session has a layer of that name
   */
  async addLayer<T extends LayerTypeName | (string & {})>(
    name: string,
    type: T,
    config?: ConfigOf<T>,
    options: LayerOptions = {},
  ): Promise<Layer> {
    const fields = (config ?? {}) as Config;
    const makeCall = (): calls.Call<LayerInfo> =>
      calls.addLayer(this.sessionId, name, type, fields, options.parameters ?? {});
    const layer = await this.#connection.run(makeCall, options);
    const others = this.#info.layers.filter((other) => other.name !== name);
    this.#info = sessionInfo({ ...this.#info, layers: [...others, layer] });
    return this.#know(layer);
  }

  /**
   * Returns the layer of that name.
   *
   * One that this object does not know of, as another client may have added it, is taken on trust:
   * its `type` and `config` are empty until `refresh`, its calls work.
   */
  layer(name: string): Layer {
    return this.#layers.get(name) ?? this.#know({ name, type: "", config: {}, parameters: [] });
  }

  /**
   * Takes a model file, as `Layer.exportModel` returns it.
   *
   * A layer that the session has gets the file's parameters and buffers if all of them fit, and
   * stays as it is otherwise. A layer that it does not have is added.
   */
  async importModel(name: string, file: Uint8Array, options?: CallOptions): Promise<Layer> {
    const call = importModel(this.sessionId, name, file);
    return this.#know(await this.#connection.run(() => call, options));
  }

  /** Asks the service how the session stands; layers that others have added become known. */
  async refresh(options?: CallOptions): Promise<SessionInfo> {
    this.#info = await this.#connection.run(() => calls.getSession(this.sessionId), options);
    for (const layer of this.#info.layers) this.#know(layer);
    return this.#info;
  }

  /** Ends the session, whoever created it. One that has already ended is no error. */
  async delete(options?: CallOptions): Promise<void> {
    const makeCall = (): calls.Call<void> => calls.deleteSession(this.sessionId);
    await unlessGone(this.#connection.run(makeCall, options));
  }

  /**
   * Ends a session that this object has created. Where the service has just been found away it is
   * not waited for again: the session then ends with its ttl.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#created) return;
    try {
      await unlessGone(this.#connection.runFarewell(() => calls.deleteSession(this.sessionId)));
    } catch (error) {
      if (!(error instanceof EdunnError)) throw error;
      // Thrown from here, it would hide the error that ended the block, which says more.
      process.emitWarning(`session ${this.sessionId} ends with its ttl: ${error.message}`);
    }
  }

  #know(info: LayerInfo): Layer {
    const known = this.#layers.get(info.name);
    if (known !== undefined) {
      known.state.info = info;
      return known;
    }
    const state = new LayerState(info, this.sessionId, this.phase, this.#ids);
    const layer = new Layer(this.#connection, this.sessionId, state);
    this.#layers.set(info.name, layer);
    return layer;
  }
}

async function unlessGone(deletion: Promise<void>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}
