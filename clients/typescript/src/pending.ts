/** The operations of one stream: those to be sent, and those that wait for an answer. */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

import { asBuffer } from "./calls.js";
import { InternalError } from "./errors.js";
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

/** Pairs operations with their answers, and packs those to be sent into messages. */
export class Pending {
  readonly #inFlight: number;
  readonly #outbox: Uint8Array[] = [];
  readonly #waiting = new Map<string, Entry>();
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
    return this.#outbox.length === 0;
  }

  /** Takes up an operation, as it is now: what its caller writes into arrays later is not sent. */
  add(entry: Entry): void {
    const requestId = String(++this.#count);
    const { operation } = entry;
    const message = create(ComputeOperationSchema, { requestId, operation });
    this.#outbox.push(toBinary(ComputeOperationSchema, message));
    this.#waiting.set(requestId, entry);
  }

  /** Returns as many of the operations to be sent as may travel now; undefined without any. */
  nextMessage(): Buffer | undefined {
    const room = Math.min(MESSAGE_OPERATIONS, this.#inFlight - this.#sent);
    if (this.allSent || room === 0) return undefined;
    const writer = new BinaryWriter();
    let together = 0;
    let size = 0;
    for (const operation of this.#outbox.slice(0, room)) {
      size += operation.length;
      if (together > 0 && size > MESSAGE_BYTES) break;
      writer.tag(OPERATIONS, WireType.LengthDelimited).bytes(operation);
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
    this.#outbox.length = 0;
    for (const entry of entries) entry.fail(error);
  }
}

/** Returns the error of an answer of the wrong kind. */
export function wrongAnswer(asked: string, answered: string | undefined): InternalError {
  return new InternalError(`the service answered a ${asked} with ${answered ?? "nothing"}`);
}

const OPERATIONS = ComputeRequestSchema.field.operations.number;
