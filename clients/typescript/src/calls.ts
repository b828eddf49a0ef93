/** The service's methods as values: what to send, how to read the answer, whether to repeat. */

import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";

import { type Config, encodeConfig } from "./config.js";
import {
  decodeLayer,
  decodeLayerType,
  decodeOptimizerType,
  decodeSession,
  type LayerInfo,
  type LayerType,
  type OptimizerType,
  type SessionInfo,
} from "./descriptions.js";
import { durationOf } from "./duration.js";
import { type EdunnError, InternalError, NotFoundError } from "./errors.js";
import { encodePhase, type Phase } from "./phase.js";
import { LayerService } from "./stubs/edunn_serving/v1/layer_service_pb.js";
import { type FloatTensor, type Tensor } from "./tensor.js";
import { decodeFloatTensors, encodeTensors } from "./tensor-message.js";

/** One call of a unary method. */
export interface Call<Result> {
  /** The method's path, such as `/edunn_serving.v1.LayerService/Forward`. */
  readonly path: string;
  /** The request as it is sent: what the caller writes into its arrays later changes nothing. */
  readonly request: Buffer;
  /** Gives the rest of a request that goes in parts, for each attempt anew. */
  readonly furtherRequests?: () => Iterable<Buffer>;
  /** Reads the answer where it comes in parts. */
  readonly readParts?: (replies: readonly Buffer[]) => Result;
  /** Reads the answer. */
  readonly read: (reply: Buffer) => Result;
  /** Reads the answer as a message. */
  readonly readMessage: (reply: unknown) => Result;
  /** What the call is as an operation of a Compute stream, if it may be one. */
  readonly operation?: OperationKind;
  /** Whether sending it a second time changes nothing, even if the first arrived. */
  readonly repeatable: boolean;
  /**
   * Looks at what a repetition failed with after an attempt that may have taken effect, and returns
   * the result where that attempt did.
   */
  readonly confirm?: (error: EdunnError, run: Run) => Promise<Result | undefined>;
}

/** What an operation of a Compute stream can be. */
export type OperationKind = "forward" | "backward" | "step" | "trainStep";

/** Makes another call on the way, one that is repeatable. */
type Run = <Result>(call: Call<Result>) => Promise<Result>;

/** What a caller may ask of a session to be created. */
export interface SessionOptions {
  /**
   * The seed of everything random in the session, 64 bits without sign. The same seed and the same
   * calls give the same initial parameters and the same masks. Left out, the service draws one.
   */
  readonly seed?: bigint | number | undefined;
  /** The phase of the forwards that name none; left out, `"training"`. */
  readonly phase?: Phase | undefined;
  /** How long the session outlives its last use; left out, the service's default. */
  readonly ttlSeconds?: number | undefined;
  /** Its name; left out, the service chooses one that nobody can guess. */
  readonly sessionId?: string | undefined;
}

/** Returns a call of any method. */
export function makeCall<Input extends DescMessage, Output extends DescMessage, Result>(
  method: DescMethodUnary<Input, Output>,
  request: MessageInitShape<Input>,
  decode: (reply: MessageShape<Output>) => Result,
  repeatable: boolean,
): Call<Result> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    request: asBuffer(toBinary(method.input, create(method.input, request))),
    read: (reply) => decode(parse(method.output, reply)),
    readMessage: (reply) => decode(reply as MessageShape<Output>),
    repeatable,
  };
}

/** Returns the message that the service sent. */
export function parse<Desc extends DescMessage>(schema: Desc, bytes: Buffer): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw new InternalError(`the service sent something else than a ${schema.name}`, { cause });
  }
}

/** Returns the call for the catalogue. */
export function listLayerTypes(): Call<LayerType[]> {
  return makeCall(
    LayerService.method.listLayerTypes,
    {},
    (reply) => reply.layerTypes.map(decodeLayerType),
    true,
  );
}

/** Returns the call for the catalogue of optimizers. */
export function listOptimizerTypes(): Call<OptimizerType[]> {
  return makeCall(
    LayerService.method.listOptimizerTypes,
    {},
    (reply) => reply.optimizerTypes.map(decodeOptimizerType),
    true,
  );
}

/** Returns the call that forgets the gradients kept for a layer's next step. */
export function clearGradients(sessionId: string, layer: string): Call<void> {
  return makeCall(LayerService.method.clearGradients, { sessionId, layer }, nothing, true);
}

/** Returns the call that creates a session. */
export function createSession(options: SessionOptions): Call<SessionInfo> {
  const { phase, ttlSeconds, sessionId = "" } = options;
  // A session that is named has a seed of the client's, by which it is known again.
  const seed = options.seed ?? (sessionId === "" ? undefined : randomBytes(8).readBigUInt64LE());
  const call = makeCall(
    LayerService.method.createSession,
    {
      sessionId,
      phase: encodePhase(phase),
      ...(seed !== undefined && { seed: checkedSeed(seed) }),
      ...(ttlSeconds !== undefined && { ttl: checkedTtl(ttlSeconds) }),
    },
    (reply) => decodeSession(reply.session),
    // A repetition without a name leaves at worst an empty session, which ends with its ttl.
    true,
  );
  if (seed === undefined || sessionId === "") return call;
  const asAsked = (info: SessionInfo): boolean =>
    info.seed === BigInt(seed) &&
    info.phase === (phase ?? "training") &&
    Math.abs(info.ttlSeconds - (ttlSeconds ?? info.ttlSeconds)) < 1e-6 &&
    info.layers.length === 0;
  return {
    ...call,
    confirm: async (error, run) => {
      if (error.reason !== "SESSION_EXISTS") return undefined;
      const info = await unlessNotFound(run(getSession(sessionId)));
      return info !== undefined && asAsked(info) ? info : undefined;
    },
  };
}

/** Returns the call that asks how a session stands. */
export function getSession(sessionId: string): Call<SessionInfo> {
  return makeCall(
    LayerService.method.getSession,
    { sessionId },
    (reply) => decodeSession(reply.session),
    true,
  );
}

/** Returns the call that ends a session. */
export function deleteSession(sessionId: string): Call<void> {
  // After a repetition NOT_FOUND means that the first attempt arrived; who ends a session ignores
  // it in any case.
  return makeCall(LayerService.method.deleteSession, { sessionId }, nothing, true);
}

/** Returns the call that adds a layer. */
export function addLayer(
  sessionId: string,
  name: string,
  type: string,
  config: Config,
  parameters: Readonly<Record<string, Tensor>>,
): Call<LayerInfo> {
  const layer = {
    name,
    type,
    config: encodeConfig(config),
    parameters: encodeTensors(parameters),
  };
  const call = makeCall(
    LayerService.method.addLayer,
    { sessionId, layer },
    (reply) => decodeLayer(reply.layer),
    true,
  );
  return {
    ...call,
    confirm: async (error, run) => {
      if (error.reason !== "LAYER_EXISTS") return undefined;
      const info = await unlessNotFound(run(getSession(sessionId)));
      const found = info?.layers.find((other) => other.name === name);
      const same = found?.type === type && isDeepStrictEqual(found.config, layer.config);
      if (!same || Object.keys(parameters).length === 0) return same ? found : undefined;
      const values = await unlessNotFound(run(getParameters(sessionId, name)));
      return hasValues(values ?? {}, parameters) ? found : undefined;
    },
  };
}

async function unlessNotFound<Result>(result: Promise<Result>): Promise<Result | undefined> {
  return result.catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  });
}

/** Tells whether tensors have, under their names, the elements that are expected. */
function hasValues(
  found: Readonly<Record<string, Tensor>>,
  expected: Readonly<Record<string, Tensor>>,
): boolean {
  return Object.entries(expected).every(([name, { data, shape }]) => {
    const other = found[name];
    return (
      other !== undefined &&
      isDeepStrictEqual(other.shape, shape) &&
      isDeepStrictEqual(
        Array.from(other.data as ArrayLike<unknown>),
        Array.from(data as ArrayLike<unknown>),
      )
    );
  });
}

/** Returns the call for a layer's parameters and buffers. */
export function getParameters(sessionId: string, layer: string): Call<Record<string, FloatTensor>> {
  return makeCall(
    LayerService.method.getParameters,
    { sessionId, layer },
    (reply) => decodeFloatTensors(reply.parameters),
    true,
  );
}

/** Returns the call that replaces parameters or buffers. */
export function setParameters(
  sessionId: string,
  layer: string,
  parameters: Readonly<Record<string, Tensor>>,
): Call<void> {
  return makeCall(
    LayerService.method.setParameters,
    { sessionId, layer, parameters: encodeTensors(parameters) },
    nothing,
    true,
  );
}

/** Returns the same bytes as a Buffer, which is what gRPC takes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function nothing(): void {
  // The answer has no fields.
}

function checkedSeed(seed: bigint | number): bigint {
  if (typeof seed === "number" && !Number.isSafeInteger(seed)) {
    throw new RangeError(`seed ${String(seed)} is no exact integer: give a bigint`);
  }
  const exact = BigInt(seed);
  if (BigInt.asUintN(64, exact) !== exact) {
    throw new RangeError(`seed must be at least 0 and less than 2**64, not ${String(seed)}`);
  }
  return exact;
}

function checkedTtl(seconds: number): Duration {
  // No longer than protobuf's Duration can say.
  if (!(seconds >= 0 && seconds <= 315_576_000_000)) {
    throw new RangeError(
      `ttlSeconds must be a number of seconds from 0 on, not ${String(seconds)}`,
    );
  }
  return durationOf(seconds);
}
