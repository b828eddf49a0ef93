/** What the service tells about layer types, layers and sessions, as plain objects. */

import { toJson } from "@bufbuild/protobuf";
import { timestampDate, ValueSchema } from "@bufbuild/protobuf/wkt";

import type { Config, ConfigValue } from "./config.js";
import { secondsOf } from "./duration.js";
import { InternalError } from "./errors.js";
import { withJson } from "./inspection.js";
import { decodePhase, type Phase } from "./phase.js";
import type * as layers from "./stubs/edunn_serving/v1/layer_pb.js";
import type * as optimizers from "./stubs/edunn_serving/v1/optimizer_pb.js";
import type { Session as SessionMessage } from "./stubs/edunn_serving/v1/session_pb.js";
import { dataTypeName } from "./tensor-message.js";

/** One field of a layer type's configuration. */
export interface ConfigField {
  /** The field's name in a configuration. */
  readonly name: string;
  /** The kind of value: `float`, `integer`, `boolean`, `string`, or one that `summary` describes. */
  readonly type: string;
  /** Whether it must be given. */
  readonly required: boolean;
  /** The value taken when the field is left out; null where it is required. */
  readonly defaultValue: ConfigValue;
  /** What the field means, in one sentence. */
  readonly summary: string;
  /** The values allowed, such as `0 <= p < 1`; empty where the type says all. */
  readonly bounds: string;
}

/** A parameter of a layer type. */
export interface ParameterType {
  /** The parameter's name, such as `w`. */
  readonly name: string;
  /** The shape in terms of the configuration, such as `(input_size, output_size)`. */
  readonly shape: string;
}

/** One entry of the catalogue: a kind of layer that a session can have. */
export interface LayerType {
  /** The name to give to `Session.addLayer`. */
  readonly type: string;
  /** What the layer computes, in one sentence. */
  readonly summary: string;
  /** The fields of the configuration. */
  readonly configFields: readonly ConfigField[];
  /** The tensors that a forward takes, in order: one for a layer, two for a loss. */
  readonly inputs: readonly string[];
  /** What the layer learns. */
  readonly parameters: readonly ParameterType[];
  /** What the layer keeps but does not learn, such as BatchNorm's running statistics. */
  readonly buffers: readonly ParameterType[];
}

/** One entry of the catalogue of optimizers that a step can use. */
export interface OptimizerType {
  /** The name to give to `Layer.step`. */
  readonly type: string;
  /** How the optimizer changes a parameter, in one sentence. */
  readonly summary: string;
  /** The fields of the configuration. */
  readonly configFields: readonly ConfigField[];
}

/** A parameter or buffer of a layer in a session, without its values. */
export interface ParameterInfo {
  /** Its name, such as `w`; inside a Sequential `layer(w)`. */
  readonly name: string;
  /** The element type, such as `float64`. */
  readonly dtype: string;
  /** The size of each axis. */
  readonly shape: readonly number[];
}

/** A layer as it stands in a session. */
export interface LayerInfo {
  /** The name by which the session knows it. */
  readonly name: string;
  /** The layer type, a name of the catalogue. */
  readonly type: string;
  /** The configuration as its creator gave it. */
  readonly config: Config;
  /** The parameters and buffers. */
  readonly parameters: readonly ParameterInfo[];
}

/** A session as it stands. */
export interface SessionInfo {
  /** The session's name. */
  readonly sessionId: string;
  /** The phase of the forwards that name none. */
  readonly phase: Phase;
  /** The seed of everything random in the session, 64 bits. */
  readonly seed: bigint;
  /** The layers, in the order in which they were added. */
  readonly layers: readonly LayerInfo[];
  /** How long the session outlives its last use, in seconds. */
  readonly ttlSeconds: number;
  /** When it was created. */
  readonly createTime: Date;
  /** When the session ends unless it is used before. */
  readonly expireTime: Date;
}

/** Returns an entry of the catalogue. */
export function decodeOptimizerType(message: optimizers.OptimizerType): OptimizerType {
  return {
    type: message.type,
    summary: message.summary,
    configFields: message.configFields.map(decodeConfigField),
  };
}

function decodeConfigField(field: layers.ConfigField): ConfigField {
  return {
    name: field.name,
    type: field.type,
    required: field.required,
    defaultValue: field.defaultValue === undefined ? null : toJson(ValueSchema, field.defaultValue),
    summary: field.summary,
    bounds: field.bounds,
  };
}

export function decodeLayerType(message: layers.LayerType): LayerType {
  return {
    type: message.type,
    summary: message.summary,
    configFields: message.configFields.map(decodeConfigField),
    inputs: message.inputs,
    parameters: message.parameters.map(decodeParameterType),
    buffers: message.buffers.map(decodeParameterType),
  };
}

/** Returns a layer as it stands. */
export function decodeLayer(message: layers.Layer | undefined): LayerInfo {
  if (message === undefined) throw new InternalError("the service left out the layer");
  return {
    name: message.name,
    type: message.type,
    config: message.config ?? {},
    parameters: message.parameters.map((parameter) => ({
      name: parameter.name,
      dtype: dataTypeName(parameter.dataType),
      shape: parameter.shape.map(Number),
    })),
  };
}

/** Returns a session as it stands. */
export function decodeSession(message: SessionMessage | undefined): SessionInfo {
  const { ttl, createTime, expireTime } = message ?? {};
  if (message === undefined || !ttl || !createTime || !expireTime) {
    throw new InternalError("the service left out the session, or its times");
  }
  return sessionInfo({
    sessionId: message.sessionId,
    phase: decodePhase(message.phase),
    seed: message.seed,
    layers: message.layers.map(decodeLayer),
    ttlSeconds: secondsOf(ttl),
    createTime: timestampDate(createTime),
    expireTime: timestampDate(expireTime),
  });
}

/** Returns the description in a form that `JSON.stringify` takes: the seed as a decimal string. */
export function sessionInfo(info: SessionInfo): SessionInfo {
  return withJson({ ...info }, () => jsonOf(info));
}

/** Returns what JSON can say of a session. */
export function jsonOf(info: SessionInfo): Omit<SessionInfo, "seed"> & { seed: string } {
  return { ...info, seed: String(info.seed) };
}

function decodeParameterType(message: layers.ParameterType): ParameterType {
  return { name: message.name, shape: message.shape };
}
