/** What carries out calls: the channel, deadlines, repetitions and cancellation. */

import { setMaxListeners } from "node:events";
import { Readable, type Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";

import {
  type CallOptions as GrpcCallOptions,
  Client as GrpcClient,
  type ClientDuplexStream,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";

import { CallMetadata } from "./call-metadata.js";
import type { Call } from "./calls.js";
import {
  channelCredentials,
  channelOptions,
  type Endpoint,
  endpointOf,
  grpcTarget,
} from "./channel.js";
import { CancelledError, DeadlineExceededError, EdunnError, UnavailableError } from "./errors.js";
import { type Logger, NODE_DEBUG_LOGGER } from "./logger.js";
import type { CallOptions, ClientOptions, Headers } from "./options.js";
import { Readiness } from "./readiness.js";
import { Attempts, retryPolicy, type RetryPolicy } from "./retries.js";
import { type AttemptBounds, type Outcome, SharedStream } from "./shared-stream.js";
import { errorFromCall, wasNotSent } from "./status.js";
import { LayerService } from "./stubs/edunn_serving/v1/layer_service_pb.js";

/** gRPC's half of a stream whose messages are bytes. */
export type ByteStream = ClientDuplexStream<Buffer, Buffer>;

const { compute } = LayerService.method;
const COMPUTE = `/${compute.parent.typeName}/${compute.name}`;

const asIs = (bytes: Buffer): Buffer => bytes;

// A service that has just been found away is not waited for again by what only tidies up.
const FAREWELL_MS = 500;

/** A connection to a service, made at the first call. */
export class Connection {
  readonly endpoint: Endpoint;
  readonly timeoutMs: number;
  readonly #grpc: GrpcClient;
  readonly #ownsChannel: boolean;
  readonly #readiness: Readiness;
  readonly #metadata: CallMetadata;
  readonly #retry: RetryPolicy;
  readonly #logger: Logger;
  readonly #slowCallMs: number;
  readonly #shared: SharedStream | undefined;
  readonly #underway = new Set<AbortController>();
  #closed = false;
  #foundAway = false;

  constructor(address: string | undefined, options: ClientOptions) {
    this.endpoint = endpointOf(address, options);
    this.timeoutMs = checkedTimeout(options.timeoutMs ?? 30_000);
    this.#metadata = new CallMetadata(options, this.endpoint);
    this.#retry = retryPolicy(options.retry);
    this.#logger = options.logger ?? NODE_DEBUG_LOGGER;
    this.#slowCallMs = checkedSlowness(options.slowCallMs ?? 1_000);
    this.#ownsChannel = options.channel === undefined;
    this.#grpc = new GrpcClient(grpcTarget(this.endpoint), channelCredentials(this.endpoint), {
      ...channelOptions(this.endpoint, options),
      ...(options.channel !== undefined && { channelOverride: options.channel }),
      interceptors: [...(options.interceptors ?? [])],
    });
    if (options.shareStream === true) {
      this.#shared = new SharedStream((metadata) => this.#openBytes(metadata), this.#logger);
    }
    this.#readiness = new Readiness(this.#grpc.getChannel(), this.endpoint, this.#logger);
  }

  /** Carries out a call, again where that is safe, until its deadline. */
  async run<Result>(makeCall: () => Call<Result>, options: CallOptions = {}): Promise<Result> {
    const timeoutMs = checkedTimeout(options.timeoutMs ?? this.timeoutMs);
    const cancellation = this.begin(options.signal);
    const began = performance.now();
    // Only now, as what is cancelled already is not to be encoded, nor to take a forward's name.
    const { signal } = cancellation;
    try {
      const call = makeCall();
      const attempts = new Attempts(this.#retry, timeoutMs, call.repeatable);
      const result = await this.#carryOut(call, attempts, options, signal);
      this.#noteSlowness(call.path, performance.now() - began, attempts);
      this.#foundAway = false;
      return result;
    } catch (error) {
      this.#foundAway = error instanceof UnavailableError || error instanceof DeadlineExceededError;
      throw signal.aborted ? cancelled(signal) : error;
    } finally {
      cancellation.end();
    }
  }

  /** Carries out what tidies up: without waiting for a service that has just been found away. */
  async runFarewell(makeCall: () => Call<void>): Promise<void> {
    const timeoutMs = this.#foundAway ? Math.min(FAREWELL_MS, this.timeoutMs) : this.timeoutMs;
    return this.run(makeCall, { timeoutMs });
  }

  /** Opens a Compute stream as soon as there is a connection; the signal ends it. */
  async openStream(
    timeoutMs: number,
    headers: Headers | undefined,
    signal: AbortSignal,
  ): Promise<ByteStream> {
    try {
      const end = performance.now() + timeoutMs;
      await this.#readiness.wait({ end, signal, impatient: this.#retry.attempts === 1 });
      const metadata = await this.#metadata.next(headers);
      signal.throwIfAborted();
      // The connection may be lost just now: what is written then waits for the next.
      metadata.setOptions({ waitForReady: true });
      const stream = this.#openBytes(metadata);
      const cancel = (): void => {
        stream.cancel();
      };
      signal.addEventListener("abort", cancel, { once: true });
      stream.once("status", () => {
        signal.removeEventListener("abort", cancel);
      });
      return stream;
    } catch (error) {
      throw signal.aborted ? cancelled(signal) : error;
    }
  }

  /**
   * Yields the parts of an answer until it ends. A connection that breaks is made again, with what
   * `request` then returns.
   */
  async *receive(
    path: string,
    request: () => Buffer,
    options: Omit<CallOptions, "timeoutMs">,
  ): AsyncGenerator<Buffer, void, undefined> {
    const cancellation = this.begin(options.signal);
    const { signal } = cancellation;
    const impatient = this.#retry.attempts === 1;
    // The time of a call is for each outage anew.
    let attempts = new Attempts(this.#retry, this.timeoutMs, true);
    try {
      for (;;) {
        await this.#readiness.wait({ end: attempts.end, signal, impatient });
        const metadata = await this.#metadata.next(options.metadata);
        signal.throwIfAborted();
        const stream = this.#grpc.makeServerStreamRequest(path, asIs, asIs, request(), metadata);
        const cancel = (): void => {
          stream.cancel();
        };
        signal.addEventListener("abort", cancel, { once: true });
        try {
          for await (const part of stream as AsyncIterable<Buffer>) {
            attempts = new Attempts(this.#retry, this.timeoutMs, true);
            yield part;
          }
          return;
        } catch (failure) {
          signal.throwIfAborted();
          const error = errorFromCall(failure as ServiceError);
          const pauseMs = attempts.pauseAfter(error, wasNotSent(failure as ServiceError));
          this.#logger.info(`${methodOf(path)} goes on: ${error.code}: ${error.message}`);
          await pause(pauseMs, undefined, { signal });
        } finally {
          signal.removeEventListener("abort", cancel);
          stream.cancel();
        }
      }
    } catch (error) {
      throw signal.aborted ? cancelled(signal) : error;
    } finally {
      cancellation.end();
    }
  }

  /** Takes up something that the caller's signal, and closing, shall cancel until its end. */
  begin(signal: AbortSignal | undefined): Cancellation {
    if (this.#closed) throw new TypeError("the client has been closed");
    if (signal?.aborted === true) throw cancelled(signal);
    const controller = new AbortController();
    // A wait and an attempt listen at the same time, and many calls may share a caller's signal.
    // Each removes its listener, so it is no leak to be warned of.
    setMaxListeners(0, controller.signal);
    const follow = (): void => {
      controller.abort(signal?.reason);
    };
    if (signal !== undefined) {
      setMaxListeners(0, signal);
      signal.addEventListener("abort", follow, { once: true });
    }
    this.#underway.add(controller);
    return {
      signal: controller.signal,
      cancel: (reason) => {
        controller.abort(reason);
      },
      end: () => {
        signal?.removeEventListener("abort", follow);
        this.#underway.delete(controller);
      },
    };
  }

  /** Closes the connection; what is under way is cancelled. */
  close(): void {
    this.#closed = true;
    for (const controller of this.#underway) {
      controller.abort(new CancelledError("the client has been closed"));
    }
    this.#shared?.close();
    if (this.#ownsChannel) this.#grpc.close();
  }

  async #carryOut<Result>(
    call: Call<Result>,
    attempts: Attempts,
    options: CallOptions,
    signal: AbortSignal,
  ): Promise<Result> {
    const impatient = this.#retry.attempts === 1;
    let last: EdunnError | undefined;
    for (;;) {
      await this.#readiness.wait({ end: attempts.end, signal, impatient });
      const metadata = await this.#metadata.next(options.metadata);
      signal.throwIfAborted();
      const outcome = await this.#attempt(call, metadata, { ...attempts.bounds, signal }, options);
      if (outcome.failure === undefined) return outcome.result();
      signal.throwIfAborted();
      const error = outcome.failure;
      if (error instanceof DeadlineExceededError && last !== undefined) {
        const message = `${error.message}; the attempt before: ${last.message}`;
        throw new DeadlineExceededError(message, { cause: last });
      }
      last = error;
      if (attempts.mayHaveRun && call.confirm !== undefined) {
        const confirmed = await call.confirm(error, (other) =>
          this.#carryOut(other, attempts.continued(), options, signal),
        );
        if (confirmed !== undefined) return confirmed;
      }
      const pauseMs = attempts.pauseAfter(error, outcome.wasNotSent);
      const what = `${methodOf(call.path)} is tried again in ${String(Math.round(pauseMs))} ms`;
      this.#logger.info(`${what}: ${error.code}: ${error.message}`);
      await pause(pauseMs, undefined, { signal });
    }
  }

  async #attempt<Result>(
    call: Call<Result>,
    metadata: Metadata,
    bounds: AttemptBounds,
    { metadata: headers }: CallOptions,
  ): Promise<Outcome<Result>> {
    if (this.#shared?.carries(call, headers) === true) {
      const outcome = await this.#shared.attempt(call, metadata, bounds);
      if (outcome !== undefined) return outcome;
    }
    return this.#attemptAlone(call, metadata, bounds);
  }

  #attemptAlone<Result>(
    call: Call<Result>,
    metadata: Metadata,
    { end, timeoutMs, signal }: AttemptBounds,
  ): Promise<Outcome<Result>> {
    return new Promise((resolve) => {
      const cancel = (): void => {
        underway.cancel();
      };
      const settle = (failure: ServiceError | null, reply: Buffer = Buffer.alloc(0)): void => {
        signal.removeEventListener("abort", cancel);
        if (failure === null) {
          resolve({ result: () => call.read(reply) });
        } else {
          const error = errorFromCall(failure, timeoutMs);
          resolve({ failure: error, wasNotSent: wasNotSent(failure) });
        }
      };
      const deadline = deadlineAt(end);
      const underway = this.#start(call, metadata, { deadline }, settle, (result) => {
        signal.removeEventListener("abort", cancel);
        resolve({ result });
      });
      signal.addEventListener("abort", cancel, { once: true });
    });
  }

  /** Starts the kind of call that it is: with one request or several, one answer or several. */
  #start<Result>(
    call: Call<Result>,
    metadata: Metadata,
    options: GrpcCallOptions,
    settle: (failure: ServiceError | null, reply?: Buffer) => void,
    settleParts: (result: () => Result) => void,
  ): { cancel(): void } {
    const { path, request, furtherRequests, readParts } = call;
    if (readParts !== undefined) {
      const parts: Buffer[] = [];
      const stream = this.#grpc.makeServerStreamRequest(
        path,
        asIs,
        asIs,
        request,
        metadata,
        options,
      );
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("error", (failure) => {
        settle(failure as ServiceError);
      });
      stream.once("end", () => {
        settleParts(() => readParts(parts));
      });
      return stream;
    }
    if (furtherRequests === undefined) {
      return this.#grpc.makeUnaryRequest(path, asIs, asIs, request, metadata, options, settle);
    }
    const upload = this.#grpc.makeClientStreamRequest(path, asIs, asIs, metadata, options, settle);
    upload.write(request);
    // It waits where gRPC has enough, and ends the upload.
    Readable.from(furtherRequests()).pipe<Writable>(upload);
    return upload;
  }

  #openBytes(metadata: Metadata): ByteStream {
    return this.#grpc.makeBidiStreamRequest(COMPUTE, asIs, asIs, metadata, {});
  }

  #noteSlowness(path: string, tookMs: number, { failures }: Attempts): void {
    if (tookMs < this.#slowCallMs) return;
    const tries = failures === 0 ? "" : `, in ${String(failures + 1)} attempts`;
    this.#logger.warn(`${methodOf(path)} took ${String(Math.round(tookMs))} ms${tries}`);
  }
}

/** A caller's way to end something, from its begin to its end. */
export interface Cancellation {
  readonly signal: AbortSignal;
  readonly cancel: (reason: unknown) => void;
  readonly end: () => void;
}

/** Returns the error of what a signal cancelled: an error of ours that is its reason, as it is. */
export function cancelled(signal: AbortSignal): EdunnError {
  const cause: unknown = signal.reason;
  if (cause instanceof EdunnError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CancelledError(`cancelled: ${why}`, { cause });
}

/** Returns the timeout, or throws where it is no positive number. */
export function checkedTimeout(timeoutMs: number): number {
  if (!(timeoutMs > 0)) {
    throw new RangeError(
      `timeoutMs must be a positive number of milliseconds, or Infinity, not ${String(timeoutMs)}`,
    );
  }
  return timeoutMs;
}

function checkedSlowness(slowCallMs: number): number {
  if (!(slowCallMs >= 0)) {
    throw new RangeError(
      `slowCallMs must be a number of milliseconds from 0 on, not ${String(slowCallMs)}`,
    );
  }
  return slowCallMs;
}

// gRPC cannot write down a deadline that is much later.
const LONGEST_DEADLINE_MS = 1e11;

/** Returns the moment of `performance.now()` as gRPC takes it. */
function deadlineAt(end: number): number {
  const leftMs = Math.max(0, end - performance.now());
  return leftMs > LONGEST_DEADLINE_MS ? Infinity : Date.now() + leftMs;
}

function methodOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
