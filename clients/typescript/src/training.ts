/** Trainings: jobs of the service that outlive the program that began them. */

import { randomBytes } from "node:crypto";

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";

import { asBuffer, type Call, makeCall, parse } from "./calls.js";
import type { Connection } from "./connection.js";
import { EdunnError } from "./errors.js";
import { INSPECT } from "./inspection.js";
import type { LayerState } from "./layer-state.js";
import { downloadCall } from "./model-file.js";
import type { CallOptions } from "./options.js";
import { encodeOptimizer, type OptimizerSpec } from "./steps.js";
import type {
  LearningRateScheduleSchema,
  Training as TrainingMessage,
} from "./stubs/edunn_serving/v1/training_pb.js";
import {
  TrainingService,
  WatchTrainingRequestSchema,
  WatchTrainingResponseSchema,
} from "./stubs/edunn_serving/v1/training_service_pb.js";
import {
  decodeTraining,
  decodeTrainingEvent,
  jsonOf,
  type TrainingEvent,
  type TrainingInfo,
} from "./training-info.js";

/** Stops a training that no longer gets better. */
export interface EarlyStopping {
  /** How many epochs without a better value are one too many. */
  readonly patience: number;
  /** What is watched, of validation if there is one; left out, the loss. */
  readonly metric?: string | undefined;
  /** By how much a value must be better. */
  readonly minDelta?: number | undefined;
  /** Whether the parameters of the best epoch are the result, not those of the last one. */
  readonly restoreBest?: boolean | undefined;
}

/** How the learning rate changes from epoch to epoch. */
export type Schedule =
  /** It is multiplied by `factor` after every `epochs` epochs. */
  | { readonly kind: "step"; readonly epochs: number; readonly factor: number }
  /** It falls along half a cosine to a `share` of what it was. */
  | { readonly kind: "cosine"; readonly share?: number | undefined };

/** What a training does. With a seed, the same options give the same parameters, bit for bit. */
export interface TrainingOptions {
  /** A data set of `Client.uploadDataset`, or one that the service brings, such as `"digits"`. */
  readonly dataset: string;
  /** A loss layer of the same session, or its name. */
  readonly loss: string | { readonly name: string };
  readonly optimizer: OptimizerSpec;
  /** How often all samples are seen. */
  readonly epochs: number;
  /** How many samples make a step; 32 unless given. */
  readonly batchSize?: number | undefined;
  /** Whether each epoch sees the samples in a new order; it does unless given. */
  readonly shuffle?: boolean | undefined;
  /** The share of the samples that are kept for validation. */
  readonly validationShare?: number | undefined;
  /** Of everything random in the training; otherwise the service draws one. */
  readonly seed?: bigint | number | undefined;
  /** What is measured besides the loss: `accuracy`, `rmse`, `mae`. */
  readonly metrics?: readonly string[] | undefined;
  /** When to stop before the last epoch. */
  readonly earlyStopping?: EarlyStopping | undefined;
  readonly schedule?: Schedule | undefined;
  /** The training's name; otherwise the client chooses one. */
  readonly trainingId?: string | undefined;
}

/** A training of the service, by `Layer.fit` or `Client.training`. It goes on without this object. */
export class Training {
  readonly #connection: Connection;
  #info: TrainingInfo;

  /** @internal */
  constructor(connection: Connection, info: TrainingInfo) {
    this.#connection = connection;
    this.#info = info;
  }

  /** Returns `Training("t1", running)`. */
  toString(): string {
    return `Training(${JSON.stringify(this.trainingId)}, ${this.#info.state})`;
  }

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }

  /** Returns what JSON can say of it: `info`, with the seed as a decimal string. */
  toJSON(): ReturnType<typeof jsonOf> {
    return jsonOf(this.#info);
  }

  /** Its name. */
  get trainingId(): string {
    return this.#info.trainingId;
  }

  /** How it stood when the service was last asked. */
  get info(): TrainingInfo {
    return this.#info;
  }

  /** Asks how the training stands. */
  async refresh(options?: CallOptions): Promise<TrainingInfo> {
    return this.#note(trainingCall("getTraining", this.trainingId), options);
  }

  /**
   * Ends the training within a batch; what it has computed stays, and it can be resumed. The answer
   * may come before the end. A training that has ended stays as it is.
   */
  async cancel(options?: CallOptions): Promise<TrainingInfo> {
    return this.#note(trainingCall("cancelTraining", this.trainingId), options);
  }

  /** Goes on with a training that was cancelled or has failed, from its last checkpoint. */
  async resume(options?: CallOptions): Promise<TrainingInfo> {
    return this.#note(trainingCall("resumeTraining", this.trainingId), options);
  }

  /**
   * Yields what happens to the training until it ends.
   *
   * A connection that breaks is made again, and no event is lost or comes twice.
   *
   * @param options - `after` is the `eventId` after which to begin; otherwise with the first event
   */
  async *watch(
    options: Omit<CallOptions, "timeoutMs"> & { readonly after?: string | undefined } = {},
  ): AsyncGenerator<TrainingEvent, void, undefined> {
    let afterEventId = options.after ?? "";
    const request = (): Buffer => {
      const message = { trainingId: this.trainingId, afterEventId };
      const schema = WatchTrainingRequestSchema;
      return asBuffer(toBinary(schema, create(schema, message)));
    };
    const path = `/${TrainingService.typeName}/${TrainingService.method.watchTraining.name}`;
    for await (const part of this.#connection.receive(path, request, options)) {
      const message = parse(WatchTrainingResponseSchema, part).event;
      if (message === undefined) continue;
      const event = decodeTrainingEvent(message);
      afterEventId = event.eventId;
      if (event.kind === "ended") this.#info = event.info;
      yield event;
    }
  }

  /**
   * Waits until the training has ended.
   *
   * @throws EdunnError where it has failed, with the reason that it gives
   */
  async result(options: Omit<CallOptions, "timeoutMs"> = {}): Promise<TrainingInfo> {
    const events = this.watch(options);
    // A training that was resumed has ended before: the end of its events is the last one.
    while ((await events.next()).done !== true);
    const info = await this.refresh(options);
    if (info.error !== undefined) throw info.error;
    if (info.state === "queued" || info.state === "running") {
      throw new EdunnError(`the training ${this.trainingId} goes on`);
    }
    return info;
  }

  /** Returns the latest checkpoint as a model file: see `Layer.exportModel`. */
  async model(options?: CallOptions): Promise<Uint8Array> {
    const call = downloadCall(TrainingService.method.downloadModel, {
      trainingId: this.trainingId,
    });
    return this.#connection.run(() => call, options);
  }

  async #note(call: Call<TrainingInfo>, options: CallOptions | undefined): Promise<TrainingInfo> {
    this.#info = await this.#connection.run(() => call, options);
    return this.#info;
  }
}

/** Returns the call about a training that has only its name. */
export function trainingCall(
  method: "getTraining" | "cancelTraining" | "resumeTraining",
  trainingId: string,
): Call<TrainingInfo> {
  const { getTraining, cancelTraining, resumeTraining } = TrainingService.method;
  switch (method) {
    case "getTraining":
      return makeCall(getTraining, { trainingId }, decodeReply, true);
    case "cancelTraining":
      return makeCall(cancelTraining, { trainingId }, decodeReply, true);
    case "resumeTraining":
      return makeCall(resumeTraining, { trainingId }, decodeReply, true);
  }
}

/** Returns the call for a page of the trainings, and for the token of the next page. */
export function listTrainings(pageToken: string): Call<{ page: TrainingInfo[]; next: string }> {
  return makeCall(
    TrainingService.method.listTrainings,
    { pageSize: PAGE_SIZE, pageToken },
    (reply) => ({ page: reply.trainings.map(decodeTraining), next: reply.nextPageToken }),
    true,
  );
}

const PAGE_SIZE = 100;

/** Returns the call that starts a training of a layer. */
export function startTraining(layer: LayerState, options: TrainingOptions): Call<TrainingInfo> {
  const { loss, optimizer, seed, earlyStopping, schedule } = options;
  const spec = {
    sessionId: layer.sessionId,
    layer: layer.info.name,
    loss: typeof loss === "string" ? loss : loss.name,
    ...encodeOptimizer(optimizer),
    dataset: options.dataset,
    epochs: BigInt(options.epochs),
    batchSize: BigInt(options.batchSize ?? 0),
    shuffle: options.shuffle ?? true,
    validationShare: options.validationShare ?? 0,
    ...(seed !== undefined && { seed: BigInt(seed) }),
    metrics: [...(options.metrics ?? [])],
    ...(earlyStopping !== undefined && {
      earlyStopping: {
        metric: earlyStopping.metric ?? "",
        patience: BigInt(earlyStopping.patience),
        minDelta: earlyStopping.minDelta ?? 0,
        restoreBest: earlyStopping.restoreBest ?? false,
      },
    }),
    ...(schedule !== undefined && { schedule: encodeSchedule(schedule) }),
  };
  // Named here, so that a repetition finds the training that the first attempt has made.
  const trainingId = options.trainingId ?? `t${randomBytes(9).toString("hex")}`;
  return makeCall(TrainingService.method.startTraining, { spec, trainingId }, decodeReply, true);
}

function decodeReply({
  training,
}: {
  readonly training?: TrainingMessage | undefined;
}): TrainingInfo {
  if (training !== undefined) return decodeTraining(training);
  throw new EdunnError("the service answered without a training", { code: "INTERNAL" });
}

function encodeSchedule(schedule: Schedule): MessageInitShape<typeof LearningRateScheduleSchema> {
  return schedule.kind === "cosine"
    ? { schedule: { case: "cosine", value: { share: schedule.share ?? 0 } } }
    : {
        schedule: {
          case: "step",
          value: { epochs: BigInt(schedule.epochs), factor: schedule.factor },
        },
      };
}
