/** The operations of one stream: those to be sent, and those that wait for an answer. */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

import { asBuffer } from "./calls.js";
import { durationOf } from "./duration.js";
import { InternalError } from "./errors.js";
import { LONGEST_TIMER_MS } from "./retries.js";
import { errorFromStatus } from "./status.js";
import {
  ComputeOperationSchema,
  ComputeRequestSchema,
  type ComputeResult,
} from "./stubs/edunn_serving/v1/layer_service_pb.js";

/** Operations that wait together travel together, up to these limits. */
export const MESSAGE_OPERATIONS = 256;
export const MESSAGE_BYTES = 4 * 1024 * 1024;

type OperationInit = NonNullable<MessageInitShape<typeof ComputeOperationSchema>["operation"]>;

/** An operation and what to do with its result. */
export interface Entry {
  readonly operation: OperationInit;
  readonly settle: (result: ComputeResult["result"]) => void;
  readonly fail: (error: unknown) => void;
}

/** An operation that is to be sent. */
interface Packed {
  readonly requestId: string;
  readonly bytes: Uint8Array;
}

/** Pairs operations with their answers, and packs those to be sent into messages. */
export class Pending {
  readonly #inFlight: number;
  #outbox: Packed[] = [];
  readonly #waiting = new Map<string, Entry>();
  #cancelled: string[] = [];
  #sent = 0;
  #count = 0;

  /** @param inFlight - how many operations may be sent whose answers have not come */
  constructor(inFlight: number) {
    this.#inFlight = inFlight;
  }

  /** How many operations have no answer, sent or not. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether nothing is left to be sent. */
  get allSent(): boolean {
    return this.#outbox.length + this.#cancelled.length === 0;
  }

  /**
   * Takes up an operation, as it is now: what its caller writes into arrays later is not sent. The
   * service gives it up after `timeoutMs`. Returns what forgets the operation and tells the service.
   */
  add(entry: Entry, timeoutMs: number): () => void {
    const requestId = String(++this.#count);
    const { operation } = entry;
    const timeout = timeoutMs > LONGEST_TIMER_MS ? {} : { timeout: durationOf(timeoutMs / 1_000) };
    const message = create(ComputeOperationSchema, { requestId, operation, ...timeout });
    this.#outbox.push({ requestId, bytes: toBinary(ComputeOperationSchema, message) });
    this.#waiting.set(requestId, entry);
    return () => {
      this.#forget(requestId);
    };
  }

  #forget(requestId: string): void {
    if (!this.#waiting.delete(requestId)) return;
    const unsent = this.#outbox.filter((packed) => packed.requestId !== requestId);
    if (unsent.length === this.#outbox.length) {
      this.#sent -= 1;
      this.#cancelled.push(requestId);
    }
    this.#outbox = unsent;
  }

  /** Returns as much of what is to be sent as may travel now; undefined without any. */
  nextMessage(): Buffer | undefined {
    const room = Math.min(MESSAGE_OPERATIONS, this.#inFlight - this.#sent);
    if (this.#cancelled.length === 0 && (this.#outbox.length === 0 || room <= 0)) return undefined;
    const writer = new BinaryWriter();
    for (const requestId of this.#cancelled.splice(0)) {
      writer.tag(CANCELLED, WireType.LengthDelimited).string(requestId);
    }
    let together = 0;
    let size = 0;
    for (const { bytes } of this.#outbox.slice(0, Math.max(0, room))) {
      size += bytes.length;
      if (together > 0 && size > MESSAGE_BYTES) break;
      writer.tag(OPERATIONS, WireType.LengthDelimited).bytes(bytes);
      together += 1;
    }
    this.#outbox.splice(0, together);
    this.#sent += together;
    return asBuffer(writer.finish());
  }

  /** Gives a result to its operation, if that still waits. */
  settle({ requestId, result }: ComputeResult): void {
    const entry = this.#waiting.get(requestId);
    if (entry === undefined) return;
    this.#waiting.delete(requestId);
    this.#sent -= 1;
    if (result.case === "error") {
      entry.fail(errorFromStatus(result.value));
      return;
    }
    try {
      entry.settle(result);
    } catch (error) {
      entry.fail(error);
    }
  }

  /** Fails every operation that waits. */
  failAll(error: Error): void {
    const entries = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#outbox = [];
    this.#cancelled = [];
    for (const entry of entries) entry.fail(error);
  }
}

/** Returns the error of an answer of the wrong kind. */
export function wrongAnswer(asked: string, answered: string | undefined): InternalError {
  return new InternalError(`the service answered a ${asked} with ${answered ?? "nothing"}`);
}

const OPERATIONS = ComputeRequestSchema.field.operations.number;
const CANCELLED = ComputeRequestSchema.field.cancelledRequestIds.number;
