/**
 * Run layers of an edunn-serving service as if they were local.
 *
 * @packageDocumentation
 */

export type { SessionOptions } from "./calls.js";
export type { TlsOptions } from "./channel.js";
export { Client } from "./client.js";
export type {
  BackwardOperation,
  ForwardOperation,
  Operation,
  Result,
  StepOperation,
  TrainStepOperation,
} from "./compute.js";
export type { Config, ConfigValue } from "./config.js";
export type { ArraySpec, DatasetInfo, UploadOptions } from "./datasets.js";
export type {
  ConfigField,
  LayerInfo,
  LayerType,
  OptimizerType,
  ParameterInfo,
  ParameterType,
  SessionInfo,
} from "./descriptions.js";
export {
  AlreadyExistsError,
  CancelledError,
  DeadlineExceededError,
  EdunnError,
  type ErrorDetails,
  FailedPreconditionError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  ResourceExhaustedError,
  type StatusCode,
  UnauthenticatedError,
  UnavailableError,
  type Violation,
} from "./errors.js";
export {
  answerChallenge,
  type Attempt,
  type AttemptOptions,
  type Challenge,
  type ChallengeAnswer,
  type ChallengeStep,
  type ChallengeType,
  type CheckResult,
  type GradedLayer,
  type Report,
  type StepAnswer,
  type Verdict,
} from "./grading.js";
export type { Layer } from "./layer.js";
export type { BackwardOptions, ForwardOptions, Gradients, Inputs } from "./layer-state.js";
export type { Logger } from "./logger.js";
export type {
  CallOptions,
  ClientOptions,
  Headers,
  OperationOptions,
  TokenProvider,
} from "./options.js";
export type { Output } from "./output.js";
export type { Phase } from "./phase.js";
export type { RetryPolicy } from "./retries.js";
export type * from "./layer-types.js";
export type * from "./optimizer-types.js";
export type { ConfigOf, LayerOptions, Session } from "./session.js";
export type {
  OptimizerSpec,
  StepOptions,
  StepResult,
  TrainingData,
  TrainStepResult,
} from "./steps.js";
export type { ComputeStream, StreamOptions } from "./stream.js";
export {
  type AnyTensor,
  type ArrayOf,
  type DType,
  type DTypeOf,
  type ElementOf,
  type FloatArray,
  type FloatTensor,
  type Nested,
  Tensor,
  type TensorArray,
} from "./tensor.js";
export type { EarlyStopping, Schedule, Training, TrainingOptions } from "./training.js";
export type {
  EpochResult,
  TrainingEvent,
  TrainingInfo,
  TrainingOutcome,
  TrainingProgress,
  TrainingState,
} from "./training-info.js";
export { VERSION } from "./version.js";
