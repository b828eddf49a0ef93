/** Steps of an optimizer on a layer's parameters: their options, results and requests. */

import type { MessageInitShape } from "@bufbuild/protobuf";

import { type Call, makeCall } from "./calls.js";
import { type Config, encodeConfig } from "./config.js";
import type { Begun, Inputs, LayerState } from "./layer-state.js";
import type { OptimizerConfigs, OptimizerTypeName } from "./optimizer-types.js";
import { LayerService } from "./stubs/edunn_serving/v1/layer_service_pb.js";
import type { OptimizerSpecSchema } from "./stubs/edunn_serving/v1/optimizer_pb.js";
import type {
  StepRequestSchema,
  StepResponse,
  TrainStepRequestSchema,
  TrainStepResponse,
} from "./stubs/edunn_serving/v1/step_pb.js";
import type { FloatArray, Tensor } from "./tensor.js";
import { encodeTensor } from "./tensor-message.js";

/** An optimizer: its type's name, or its type and its configuration. */
export type OptimizerSpec =
  | OptimizerTypeName
  | {
      [T in OptimizerTypeName]: { readonly type: T; readonly config?: OptimizerConfigs[T] };
    }[OptimizerTypeName]
  // A type that this client does not know.
  | { readonly type: string & {}; readonly config?: Config };

/** How a step is to be made. */
export interface StepOptions {
  /**
   * Names the step, so that a repetition is no second step; otherwise the client counts. The empty
   * string leaves the name to the service; such a step is not tried again when the connection
   * breaks.
   */
  readonly stepId?: string | undefined;
}

/** What a step has done. */
export interface StepResult {
  /** The step's name. */
  readonly stepId: string;
  /** The steps of the layer so far, this one included. */
  readonly steps: number;
}

/** What a training step has done. */
export interface TrainStepResult extends StepResult {
  /** The mean of the samples' losses before the step. */
  readonly loss: number;
}

/** What a training step takes besides its optimizer. */
export interface TrainingData {
  /** What the layer takes. */
  readonly inputs: Inputs<FloatArray>;
  /** What the loss compares the layer's output with. */
  readonly target: Tensor;
  /** A loss layer of the same session, or its name. */
  readonly loss: string | { readonly name: string };
}

type StepInit = MessageInitShape<typeof StepRequestSchema>;
type TrainStepInit = MessageInitShape<typeof TrainStepRequestSchema>;

/** Returns a step on the kept gradients as a call of its own. */
export function stepCall(
  layer: LayerState,
  optimizer: OptimizerSpec | undefined,
  options: StepOptions,
): Call<StepResult> {
  const { request, decode } = beginStep(layer, optimizer, options);
  const call = makeCall(LayerService.method.step, request, decode, request.stepId !== "");
  return { ...call, operation: "step" };
}

/** Returns forward, loss, backward and step as a call of its own. */
export function trainStepCall(
  layer: LayerState,
  data: TrainingData,
  optimizer: OptimizerSpec | undefined,
  options: StepOptions,
): Call<TrainStepResult> {
  const { request, decode } = beginTrainStep(layer, data, optimizer, options);
  const call = makeCall(LayerService.method.trainStep, request, decode, request.stepId !== "");
  return { ...call, operation: "trainStep" };
}

/** Returns a step for a stream. */
export function beginStep(
  layer: LayerState,
  optimizer: OptimizerSpec | undefined,
  options: StepOptions,
): Begun<StepInit & { stepId: string }, StepResponse, StepResult> {
  const request = {
    sessionId: layer.sessionId,
    layer: layer.info.name,
    ...encodeOptimizer(optimizer),
  };
  return {
    request: { ...request, stepId: options.stepId ?? layer.nextName() },
    decode: decodeStep,
  };
}

/** Returns a training step for a stream. */
export function beginTrainStep(
  layer: LayerState,
  { inputs, target, loss }: TrainingData,
  optimizer: OptimizerSpec | undefined,
  options: StepOptions,
): Begun<TrainStepInit & { stepId: string }, TrainStepResponse, TrainStepResult> {
  const tensors = (Array.isArray(inputs) ? inputs : [inputs]) as readonly Tensor[];
  const request = {
    sessionId: layer.sessionId,
    layer: layer.info.name,
    inputs: tensors.map(encodeTensor),
    target: encodeTensor(target),
    loss: typeof loss === "string" ? loss : loss.name,
    ...encodeOptimizer(optimizer),
  };
  return {
    request: { ...request, stepId: options.stepId ?? layer.nextName() },
    decode: (reply) => ({ ...decodeStep(reply), loss: reply.loss }),
  };
}

function decodeStep({ stepId, steps }: StepResponse | TrainStepResponse): StepResult {
  return { stepId, steps: Number(steps) };
}

/** Returns the field of a request; none of it means the layer's last optimizer. */
export function encodeOptimizer(optimizer: OptimizerSpec | undefined): {
  optimizer?: MessageInitShape<typeof OptimizerSpecSchema>;
} {
  if (optimizer === undefined) return {};
  if (typeof optimizer === "string") return { optimizer: { type: optimizer } };
  const { type, config = {} } = optimizer;
  return { optimizer: { type, config: encodeConfig(config as Config) } };
}
