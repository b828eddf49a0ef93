/** What a layer remembers on the client's side, and the requests that follow from it. */

import type { MessageInitShape } from "@bufbuild/protobuf";

import { type Call, makeCall } from "./calls.js";
import type { LayerInfo } from "./descriptions.js";
import { FailedPreconditionError, InternalError } from "./errors.js";
import type { ForwardIds } from "./forward-ids.js";
import { checkedPhase, decodePhase, encodePhase, type Phase } from "./phase.js";
import {
  type BackwardRequestSchema,
  type BackwardResponse,
  type ForwardRequestSchema,
  type ForwardResponse,
  LayerService,
} from "./stubs/edunn_serving/v1/layer_service_pb.js";
import type { DTypeOf, FloatArray, FloatTensor, Tensor } from "./tensor.js";
import { Output } from "./output.js";
import {
  decodeFloatTensor,
  decodeFloatTensors,
  decodeTensor,
  encodeTensor,
} from "./tensor-message.js";

/** One tensor for a layer, its first axis the batch; `[yTrue, y]` for a loss. */
export type Inputs<A extends FloatArray> = Tensor<A> | readonly [...Tensor[], Tensor<A>];

/** How a forward is to be computed. */
export interface ForwardOptions {
  /** For this forward alone; otherwise that of `setPhase`, or else the session's. */
  readonly phase?: Phase | undefined;
  /**
   * Names the forward for `backward`; otherwise the client counts. The empty string leaves the name
   * to the service; such a forward is not tried again when the connection breaks, as that could
   * draw a second mask.
   */
  readonly forwardId?: string | undefined;
  /** No backward will follow: the service keeps nothing. */
  readonly untracked?: boolean | undefined;
}

/** Which forward a backward goes back through. */
export interface BackwardOptions {
  /** The forward to go back through; otherwise the latest tracked one of this layer object. */
  readonly forwardId?: string | undefined;
  /**
   * Keep the parameter gradients at the service for the layer's next step, added to those kept
   * already; the answer has none then.
   */
  readonly accumulate?: boolean | undefined;
}

/** What a backward gives. */
export interface Gradients {
  /** The gradient with respect to the input, in its shape; for a loss, with respect to `y`. */
  readonly inputGradient: FloatTensor;
  /**
   * The gradients with respect to the parameters, by name; empty for a layer without any, and where
   * the service keeps them.
   */
  readonly parameterGradients: Readonly<Record<string, FloatTensor>>;
}

type ForwardInit = MessageInitShape<typeof ForwardRequestSchema>;
type BackwardInit = MessageInitShape<typeof BackwardRequestSchema>;

/** An operation ready to be sent through a stream. */
export interface Begun<Init, Reply, Result> {
  readonly request: Init;
  readonly decode: (reply: Reply) => Result;
}

/** A layer's name, its default phase and its latest forward. */
export class LayerState {
  info: LayerInfo;
  readonly sessionId: string;
  readonly #ids: ForwardIds;
  readonly #sessionPhase: Phase;
  #phase: Phase | undefined;
  #forwardId: string | undefined;
  #begun = 0;
  #latest = 0;

  constructor(info: LayerInfo, sessionId: string, sessionPhase: Phase, ids: ForwardIds) {
    this.info = info;
    this.sessionId = sessionId;
    this.#sessionPhase = sessionPhase;
    this.#ids = ids;
  }

  get forwardId(): string {
    return this.#forwardId ?? "";
  }

  get phase(): Phase {
    return this.#phase ?? this.#sessionPhase;
  }

  set phase(phase: Phase) {
    this.#phase = checkedPhase(phase);
  }

  /** Returns a name for a forward, a step or a backward that nothing else of the layer has. */
  nextName(): string {
    return this.#ids.next(this.info.name);
  }

  /** Returns a forward as a call of its own. It is the layer's latest once it is answered. */
  forwardCall<A extends FloatArray>(inputs: Inputs<A>, options: ForwardOptions): Call<Output<A>> {
    const { request, decode } = this.#forward(inputs, options);
    const untracked = options.untracked ?? false;
    const pure = untracked && (options.phase ?? this.phase) === "test";
    const order = ++this.#begun;
    const call = makeCall(
      LayerService.method.forward,
      request,
      (reply) => {
        // Of forwards under way together the one called last is the latest, answered last or not.
        if (!untracked && order > this.#latest) {
          this.#latest = order;
          this.#forwardId = reply.forwardId;
        }
        return decode(reply);
      },
      // A tracked forward is known to the service by its name. An untracked one is forgotten: in
      // training its repetition would count twice in a BatchNorm's running statistics.
      (request.forwardId !== "" && !untracked) || pure,
    );
    return { ...call, operation: "forward" };
  }

  /**
   * Returns a forward for a stream, where backwards are sent before the forward is answered: it is
   * the layer's latest from now on.
   */
  beginForward<A extends FloatArray>(
    inputs: Inputs<A>,
    options: ForwardOptions,
  ): Begun<ForwardInit, ForwardResponse, Output<A>> {
    const { request, decode } = this.#forward(inputs, options);
    if (options.untracked === true) return { request, decode };
    const order = ++this.#begun;
    this.#latest = order;
    this.#forwardId = request.forwardId;
    return {
      request,
      decode: (reply) => {
        // The service may have given the name.
        if (order === this.#latest) this.#forwardId = reply.forwardId;
        return decode(reply);
      },
    };
  }

  /** Returns a backward as a call of its own. */
  backwardCall(outputGradient: FloatTensor, options: BackwardOptions): Call<Gradients> {
    const { request, decode } = this.beginBackward(outputGradient, options);
    const call = makeCall(LayerService.method.backward, request, decode, true);
    return { ...call, operation: "backward" };
  }

  /** Returns a backward for a stream. */
  beginBackward(
    outputGradient: FloatTensor,
    options: BackwardOptions,
  ): Begun<BackwardInit, BackwardResponse, Gradients> {
    const request = {
      sessionId: this.sessionId,
      layer: this.info.name,
      forwardId: options.forwardId ?? this.#ownForwardId(),
      outputGradient: encodeTensor(outputGradient),
    };
    if (options.accumulate !== true) return { request, decode: decodeGradients };
    // Named, it counts once, even if the request is sent again.
    const named = { ...request, accumulate: true, backwardId: this.nextName() };
    return { request: named, decode: decodeGradients };
  }

  /** Without a name the service would take the latest forward of any client. */
  #ownForwardId(): string {
    if (this.#forwardId) return this.#forwardId;
    const why =
      this.#forwardId === undefined
        ? "has had no tracked forward through this object: call forward first, or name one by " +
          "`forwardId`"
        : "does not know its latest forward's name yet, which the service gives: await that forward";
    throw new FailedPreconditionError(`layer "${this.info.name}" ${why}`, {
      reason: "NO_FORWARD",
      metadata: { layer: this.info.name },
    });
  }

  #forward<A extends FloatArray>(
    inputs: Inputs<A>,
    options: ForwardOptions,
  ): Begun<ForwardInit & { forwardId: string }, ForwardResponse, Output<A>> {
    const { phase = this.#phase, untracked = false } = options;
    const tensors: readonly Tensor[] = Array.isArray(inputs) ? inputs : [inputs as Tensor<A>];
    const request = {
      sessionId: this.sessionId,
      layer: this.info.name,
      inputs: tensors.map(encodeTensor),
      phase: encodePhase(phase),
      untracked,
    };
    // Nothing is kept of an untracked forward in the test phase, and nothing in it is random: it
    // needs no name. A name is taken only now, as inputs that cannot be sent must not count.
    const unnamed = untracked && (phase ?? this.#sessionPhase) === "test";
    const forwardId = options.forwardId ?? (unnamed ? "" : this.nextName());
    return {
      request: { ...request, forwardId },
      decode: (reply) => decodeOutput(reply, tensors.at(-1)?.dtype as DTypeOf<A>),
    };
  }
}

function decodeOutput<A extends FloatArray>(reply: ForwardResponse, dtype: DTypeOf<A>): Output<A> {
  const tensor: Tensor = decodeTensor(reply.output);
  if (tensor.dtype !== dtype) {
    throw new InternalError(`the service answered ${dtype} with ${tensor.dtype}`);
  }
  return new Output(tensor as Tensor<A>, reply.forwardId, decodePhase(reply.phase));
}

function decodeGradients(reply: BackwardResponse): Gradients {
  return {
    inputGradient: decodeFloatTensor(reply.inputGradient),
    parameterGradients: decodeFloatTensors(reply.parameterGradients),
  };
}
