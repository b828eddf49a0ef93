/** How trainings stand, and what happens to them. */

import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

import { secondsOf } from "./duration.js";
import type { EdunnError } from "./errors.js";
import { withJson } from "./inspection.js";
import { errorFromStatus } from "./status.js";
import * as wire from "./stubs/edunn_serving/v1/training_pb.js";

/** Where a training stands. One that was cancelled or has failed can be resumed. */
export type TrainingState = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/**
 * What became of the parameters of a training that succeeded: the layer has them, or it has changed
 * meanwhile and stays as it is, or the session is no more.
 */
export type TrainingOutcome = "applied" | "parametersChanged" | "sessionGone";

/** How far a training is. */
export interface TrainingProgress {
  readonly epochsDone: number;
  /** Of the present epoch. */
  readonly batchesDone: number;
  /** Of an epoch. */
  readonly batches: number;
  /** The mean loss of the present epoch so far. */
  readonly loss: number;
  /** Of computing. */
  readonly samplesPerSecond: number;
  /** The computing time that is left, as it seems. */
  readonly secondsLeft: number;
  /** How much of the whole training is done, 0 to 1. */
  readonly share: number;
}

/** What was measured of an epoch. */
export interface EpochResult {
  /** Counted from 1. */
  readonly epoch: number;
  /** The loss and the metrics of the training samples, by name. */
  readonly training: Readonly<Record<string, number>>;
  /** Those of the validation samples; empty if there are none. */
  readonly validation: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** The computing time. */
  readonly seconds: number;
}

/** How a training stands. */
export interface TrainingInfo {
  readonly trainingId: string;
  /** The session and the layer that are trained, and the data set. */
  readonly sessionId: string;
  readonly layer: string;
  readonly dataset: string;
  /** The one given, or the one that the service drew. */
  readonly seed: bigint;
  /** When the training was asked for. */
  readonly createTime: Date;
  readonly state: TrainingState;
  /** Of a training that has succeeded. */
  readonly outcome: TrainingOutcome | undefined;
  /** Why it failed. */
  readonly error: EdunnError | undefined;
  readonly progress: TrainingProgress;
  /** The epochs that are done, in order: the last 1000 of them. A list of trainings has none. */
  readonly epochs: readonly EpochResult[];
  /** The epoch of which the parameters are the result, counted from 1; 0 before. */
  readonly bestEpoch: number;
  readonly stoppedEarly: boolean;
}

/** Something that happened to a training. */
export type TrainingEvent = {
  /** Its place among the events of its training. */
  readonly eventId: string;
  readonly time: Date;
} & (
  | {
      /** The training began, or was resumed after so many epochs. */
      readonly kind: "started";
      readonly trainingSamples: number;
      readonly validationSamples: number;
      readonly epochsDone: number;
    }
  | { readonly kind: "progress"; readonly progress: TrainingProgress }
  | { readonly kind: "epoch"; readonly result: EpochResult }
  /** The last event. `Training.refresh` gives the epochs too. */
  | { readonly kind: "ended"; readonly info: TrainingInfo }
);

const STATES: Readonly<Record<wire.TrainingState, TrainingState>> = {
  [wire.TrainingState.UNSPECIFIED]: "queued",
  [wire.TrainingState.QUEUED]: "queued",
  [wire.TrainingState.RUNNING]: "running",
  [wire.TrainingState.SUCCEEDED]: "succeeded",
  [wire.TrainingState.FAILED]: "failed",
  [wire.TrainingState.CANCELLED]: "cancelled",
};

const OUTCOMES: Readonly<Record<wire.TrainingOutcome, TrainingOutcome | undefined>> = {
  [wire.TrainingOutcome.UNSPECIFIED]: undefined,
  [wire.TrainingOutcome.APPLIED]: "applied",
  [wire.TrainingOutcome.PARAMETERS_CHANGED]: "parametersChanged",
  [wire.TrainingOutcome.SESSION_GONE]: "sessionGone",
};

export function decodeTraining(message: wire.Training): TrainingInfo {
  const info: TrainingInfo = {
    trainingId: message.trainingId,
    sessionId: message.spec?.sessionId ?? "",
    layer: message.spec?.layer ?? "",
    dataset: message.spec?.dataset ?? "",
    seed: message.spec?.seed ?? 0n,
    createTime: dateOf(message.createTime),
    state: STATES[message.state],
    outcome: OUTCOMES[message.outcome],
    error: message.error === undefined ? undefined : errorFromStatus(message.error),
    progress: decodeProgress(message.progress),
    epochs: message.epochs.map(decodeEpoch),
    bestEpoch: Number(message.bestEpoch),
    stoppedEarly: message.stoppedEarly,
  };
  return withJson(info, () => jsonOf(info));
}

/** Returns what JSON can say of a training. */
export function jsonOf(info: TrainingInfo): Omit<TrainingInfo, "seed"> & { seed: string } {
  return { ...info, seed: String(info.seed) };
}

export function decodeTrainingEvent(message: wire.TrainingEvent): TrainingEvent {
  const common = { eventId: message.eventId, time: dateOf(message.time) };
  const { event } = message;
  switch (event.case) {
    case "started":
      return {
        ...common,
        kind: "started",
        trainingSamples: Number(event.value.trainingSamples),
        validationSamples: Number(event.value.validationSamples),
        epochsDone: Number(event.value.epochsDone),
      };
    case "epoch":
      return { ...common, kind: "epoch", result: decodeEpoch(event.value) };
    case "ended":
      return { ...common, kind: "ended", info: decodeTraining(event.value) };
    default:
      return { ...common, kind: "progress", progress: decodeProgress(event.value) };
  }
}

function decodeProgress(message: wire.TrainingProgress | undefined): TrainingProgress {
  return {
    epochsDone: Number(message?.epochsDone ?? 0),
    batchesDone: Number(message?.batchesDone ?? 0),
    batches: Number(message?.batches ?? 0),
    loss: message?.loss ?? 0,
    samplesPerSecond: message?.samplesPerSecond ?? 0,
    secondsLeft: message?.timeLeft === undefined ? 0 : secondsOf(message.timeLeft),
    share: message?.share ?? 0,
  };
}

function decodeEpoch(message: wire.EpochResult): EpochResult {
  return {
    epoch: Number(message.epoch),
    training: { ...message.training },
    validation: { ...message.validation },
    learningRate: message.learningRate,
    seconds: message.duration === undefined ? 0 : secondsOf(message.duration),
  };
}

function dateOf(message: Timestamp | undefined): Date {
  return message === undefined ? new Date(0) : timestampDate(message);
}
