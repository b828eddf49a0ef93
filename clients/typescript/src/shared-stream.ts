/** Carries the forwards, backwards and steps of a client's calls through one Compute stream. */

import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import type { Metadata, ServiceError } from "@grpc/grpc-js";

import { asBuffer, type Call, type OperationKind, parse } from "./calls.js";
import type { ByteStream } from "./connection.js";
import { durationOf } from "./duration.js";
import {
  CancelledError,
  DeadlineExceededError,
  type EdunnError,
  UnavailableError,
} from "./errors.js";
import type { Logger } from "./logger.js";
import type { Headers } from "./options.js";
import { MESSAGE_BYTES, MESSAGE_OPERATIONS, wrongAnswer } from "./pending.js";
import { LONGEST_TIMER_MS } from "./retries.js";
import { errorFromCall, errorFromStatus, wasNotSent } from "./status.js";
import {
  ComputeOperationSchema,
  ComputeRequestSchema,
  ComputeResponseSchema,
  type ComputeResult,
} from "./stubs/edunn_serving/v1/layer_service_pb.js";

/** How an attempt at a call ended. */
export type Outcome<Result> =
  | { readonly result: () => Result; readonly failure?: never }
  | { readonly result?: never; readonly failure: EdunnError; readonly wasNotSent: boolean };

/** What bounds an attempt. */
export interface AttemptBounds {
  /** When its time is over, by `performance.now()`. */
  readonly end: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

// An open stream keeps a program from ending. So it ends itself when it has been idle for so long.
const IDLE_MS = 1_000;

const REQUEST = ComputeRequestSchema.field;
const OPERATION = ComputeOperationSchema.field;

/** The stream that calls share, opened by the first and again after it has ended. */
export class SharedStream {
  readonly #open: (metadata: Metadata) => ByteStream;
  readonly #logger: Logger;
  #current: OpenStream | undefined;
  #refused = false;

  constructor(open: (metadata: Metadata) => ByteStream, logger: Logger) {
    this.#open = open;
    this.#logger = logger;
  }

  /**
   * Whether it carries a call. One with headers of its own cannot share, and one so large that
   * others would wait behind it shall not.
   */
  carries(call: Call<unknown>, headers: Headers | undefined): boolean {
    return (
      !this.#refused &&
      call.operation !== undefined &&
      headers === undefined &&
      call.request.length <= MESSAGE_BYTES
    );
  }

  /** Makes an attempt; gives undefined where something on the way takes no streams. */
  async attempt<Result>(
    call: Call<Result>,
    metadata: Metadata,
    bounds: AttemptBounds,
  ): Promise<Outcome<Result> | undefined> {
    const stream = this.#streamFor(metadata);
    const outcome = await stream.run(call, bounds);
    if (outcome.failure === undefined || !stream.isRefused(outcome.failure)) return outcome;
    if (!this.#refused) {
      this.#refused = true;
      const why = outcome.failure.message;
      this.#logger.warn(`no stream gets through, so calls are made by themselves: ${why}`);
    }
    return undefined;
  }

  /** Ends the stream at once. */
  close(): void {
    this.#current?.cancel();
  }

  /** A stream has the token that it was opened with; another token needs another stream. */
  #streamFor(metadata: Metadata): OpenStream {
    const [token] = metadata.get("authorization");
    if (this.#current?.takes(token) !== true) {
      this.#current?.finish();
      this.#current = new OpenStream(this.#open(metadata), token);
    }
    return this.#current;
  }
}

interface Waiting {
  readonly id: string;
  readonly operation: Uint8Array;
  readonly settle: (result: ComputeResult["result"]) => void;
  readonly fail: (error: EdunnError, wasNotSent: boolean) => void;
  sent: boolean;
}

/** One Compute stream from its opening to its end. */
class OpenStream {
  readonly #stream: ByteStream;
  readonly #token: unknown;
  readonly #waiting = new Map<string, Waiting>();
  #outbox: Waiting[] = [];
  #cancelled: string[] = [];
  #count = 0;
  #answered = false;
  #over = false;
  #writable = true;
  #flushScheduled = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(stream: ByteStream, token: unknown) {
    this.#stream = stream;
    this.#token = token;
    stream.on("data", (message: Buffer) => {
      this.#receive(message);
    });
    stream.on("drain", () => {
      this.#writable = true;
      this.#flush();
    });
    stream.on("error", (failure) => {
      this.#end(failure as ServiceError);
    });
    stream.once("end", () => {
      this.#end(undefined);
    });
  }

  /** Whether a call with that token may go through it. */
  takes(token: unknown): boolean {
    return !this.#over && this.#token === token;
  }

  /** Takes no further call, and ends when those under way have been answered. */
  finish(): void {
    this.#over = true;
    if (this.#waiting.size === 0) this.#stream.end();
  }

  cancel(): void {
    this.#over = true;
    clearTimeout(this.#idle);
    this.#stream.cancel();
  }

  /** Whether the failure says that something on the way takes no streams. */
  isRefused({ code, message }: EdunnError): boolean {
    if (this.#answered) return false;
    return code === "UNIMPLEMENTED" || (code !== "UNAVAILABLE" && message.includes("HTTP status"));
  }

  run<Result>(call: Call<Result>, bounds: AttemptBounds): Promise<Outcome<Result>> {
    return new Promise((resolve) => {
      const leftMs = Math.max(1, bounds.end - performance.now());
      const forget = (error: EdunnError): void => {
        this.#forget(waiting);
        waiting.fail(error, false);
      };
      const cancel = (): void => {
        forget(new CancelledError("cancelled"));
      };
      const giveUp = (): void => {
        forget(new DeadlineExceededError(`no answer within ${String(bounds.timeoutMs)} ms`));
      };
      const timer = leftMs > LONGEST_TIMER_MS ? undefined : setTimeout(giveUp, leftMs);
      const release = (): void => {
        clearTimeout(timer);
        bounds.signal.removeEventListener("abort", cancel);
      };
      const id = String(++this.#count);
      const kind = call.operation ?? "forward";
      const waiting: Waiting = {
        id,
        operation: encodeOperation(id, kind, call.request, leftMs),
        sent: false,
        settle: (result) => {
          release();
          if (result.case === "error") {
            resolve({ failure: errorFromStatus(result.value), wasNotSent: false });
          } else if (result.case === kind) {
            resolve({ result: () => call.readMessage(result.value) });
          } else {
            resolve({ failure: wrongAnswer(kind, result.case), wasNotSent: false });
          }
        },
        fail: (failure, notSent) => {
          release();
          resolve({ failure, wasNotSent: notSent });
        },
      };
      bounds.signal.addEventListener("abort", cancel, { once: true });
      this.#waiting.set(id, waiting);
      this.#outbox.push(waiting);
      clearTimeout(this.#idle);
      this.#scheduleFlush();
    });
  }

  /** Awaits an operation no longer, and tells the service so. */
  #forget(waiting: Waiting): void {
    if (!this.#waiting.delete(waiting.id)) return;
    if (waiting.sent) this.#cancelled.push(waiting.id);
    else this.#outbox = this.#outbox.filter((other) => other !== waiting);
    this.#scheduleFlush();
    this.#noteIdleness();
  }

  /** Sends at the end of this turn of the event loop what the turn brings, together. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#stream.destroyed) return;
    while (this.#writable && this.#outbox.length + this.#cancelled.length > 0) {
      this.#writable = this.#stream.write(this.#nextMessage());
    }
  }

  #nextMessage(): Buffer {
    const writer = new BinaryWriter();
    for (const id of this.#cancelled.splice(0, MESSAGE_OPERATIONS)) {
      writer.tag(REQUEST.cancelledRequestIds.number, WireType.LengthDelimited).string(id);
    }
    let [together, size] = [0, 0];
    for (const waiting of this.#outbox.slice(0, MESSAGE_OPERATIONS)) {
      size += waiting.operation.length;
      if (together > 0 && size > MESSAGE_BYTES) break;
      writer.tag(REQUEST.operations.number, WireType.LengthDelimited).bytes(waiting.operation);
      waiting.sent = true;
      together += 1;
    }
    this.#outbox.splice(0, together);
    return asBuffer(writer.finish());
  }

  #receive(message: Buffer): void {
    this.#answered = true;
    try {
      for (const { requestId, result } of parse(ComputeResponseSchema, message).results) {
        const waiting = this.#waiting.get(requestId);
        this.#waiting.delete(requestId);
        waiting?.settle(result);
      }
    } catch (error) {
      this.cancel();
      this.#failAll(error as EdunnError, () => false);
    }
    this.#noteIdleness();
  }

  #noteIdleness(): void {
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#idle);
    if (this.#over) {
      this.#stream.end();
      return;
    }
    this.#idle = setTimeout(() => {
      this.finish();
    }, IDLE_MS).unref();
  }

  #end(failure: ServiceError | undefined): void {
    this.#over = true;
    clearTimeout(this.#idle);
    const error =
      failure === undefined
        ? new UnavailableError("the stream ended before the answer came")
        : errorFromCall(failure);
    const unsent = failure !== undefined && wasNotSent(failure);
    this.#failAll(error, ({ sent }) => unsent || !sent);
  }

  #failAll(error: EdunnError, notSent: (waiting: Waiting) => boolean): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#outbox = [];
    for (const waiting of all) waiting.fail(error, notSent(waiting));
  }
}

function encodeOperation(
  id: string,
  kind: OperationKind,
  request: Uint8Array,
  timeoutMs: number,
): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(OPERATION.requestId.number, WireType.LengthDelimited).string(id);
  writer.tag(OPERATION[kind].number, WireType.LengthDelimited).bytes(request);
  if (timeoutMs <= LONGEST_TIMER_MS) {
    const timeout = durationOf(timeoutMs / 1_000);
    writer
      .tag(OPERATION.timeout.number, WireType.LengthDelimited)
      .bytes(toBinary(DurationSchema, timeout));
  }
  return writer.finish();
}
