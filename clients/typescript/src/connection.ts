/** What carries out calls: the channel, deadlines, repetitions and cancellation. */

import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

import {
  type ChannelOptions,
  Client as GrpcClient,
  type ClientDuplexStream,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";

import type { Call } from "./calls.js";
import {
  callMetadata,
  channelCredentials,
  channelOptions,
  checkAddress,
  isEncrypted,
  type TlsOptions,
} from "./channel.js";
import { CancelledError, EdunnError } from "./errors.js";
import { Attempts, retryPolicy, type RetryPolicy } from "./retries.js";
import { errorFromCall } from "./status.js";

/** How a client connects. */
export interface ClientOptions {
  /** The bearer token, where the service asks for one. */
  readonly token?: string | undefined;
  /** `true` for TLS with the usual authorities. Without it the connection is plaintext. */
  readonly tls?: TlsOptions | boolean | undefined;
  /** Milliseconds that a call may take, all attempts together; 30 000 by default. */
  readonly timeoutMs?: number | undefined;
  /** How often, and after what pauses, a call is tried again where that is safe. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Further options of `@grpc/grpc-js`. */
  readonly channelOptions?: ChannelOptions | undefined;
}

/** What each call takes besides. */
export interface CallOptions {
  /** Milliseconds that the call may take, all attempts together; otherwise the client's. */
  readonly timeoutMs?: number | undefined;
  /** Cancels the call: it then fails with a CancelledError whose `cause` is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** gRPC's half of a stream whose messages are bytes. */
export type ByteStream = ClientDuplexStream<Buffer, Buffer>;

const asIs = (bytes: Buffer): Buffer => bytes;

/** A connection to a service, made at the first call. */
export class Connection {
  readonly timeoutMs: number;
  readonly #grpc: GrpcClient;
  readonly #metadata: Metadata;
  readonly #retry: RetryPolicy;
  readonly #underway = new Set<AbortController>();
  #closed = false;

  constructor(address: string, options: ClientOptions) {
    checkAddress(address);
    const channel = channelCredentials(options.tls);
    this.timeoutMs = checkedTimeout(options.timeoutMs ?? 30_000);
    this.#metadata = callMetadata(options.token, address, isEncrypted(options.tls));
    this.#retry = retryPolicy(options.retry);
    this.#grpc = new GrpcClient(address, channel, channelOptions(options.channelOptions));
  }

  /** Carries out a call, again where that is safe, until its deadline. */
  async run<Result>(call: Call<Result>, options: CallOptions = {}): Promise<Result> {
    const timeoutMs = checkedTimeout(options.timeoutMs ?? this.timeoutMs);
    const attempts = new Attempts(this.#retry, timeoutMs, call.repeatable);
    const cancellation = this.begin(options.signal);
    try {
      for (;;) {
        const outcome = await this.#attempt(call, attempts.timeLeftMs, cancellation.signal);
        if (outcome.reply !== undefined) return call.read(outcome.reply);
        const pauseMs = attempts.pauseAfter(errorFromCall(outcome.failure));
        await pause(pauseMs, undefined, { signal: cancellation.signal });
      }
    } catch (error) {
      throw cancellation.signal.aborted ? cancelled(cancellation.signal) : error;
    } finally {
      cancellation.end();
    }
  }

  /** Opens a Compute stream; it ends when the signal is aborted. */
  openStream(path: string, signal: AbortSignal): ByteStream {
    const stream = this.#grpc.makeBidiStreamRequest(path, asIs, asIs, this.#metadata, {});
    const cancel = (): void => {
      stream.cancel();
    };
    signal.addEventListener("abort", cancel, { once: true });
    stream.once("status", () => {
      signal.removeEventListener("abort", cancel);
    });
    return stream;
  }

  /** Takes up something that the caller's signal, and closing, shall cancel until its end. */
  begin(signal: AbortSignal | undefined): Cancellation {
    if (this.#closed) throw new TypeError("the client has been closed");
    if (signal?.aborted === true) throw cancelled(signal);
    const controller = new AbortController();
    const follow = (): void => {
      controller.abort(signal?.reason);
    };
    if (signal !== undefined) {
      // Many calls may share a signal. Each removes its listener, so it is no leak to be warned of.
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
    this.#grpc.close();
  }

  #attempt(call: Call<unknown>, timeLeftMs: number, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve) => {
      const cancel = (): void => {
        underway.cancel();
      };
      const underway = this.#grpc.makeUnaryRequest(
        call.path,
        asIs,
        asIs,
        call.request,
        this.#metadata,
        { deadline: Date.now() + timeLeftMs },
        (failure, reply) => {
          signal.removeEventListener("abort", cancel);
          resolve(failure === null ? { reply: reply ?? Buffer.alloc(0) } : { failure });
        },
      );
      signal.addEventListener("abort", cancel, { once: true });
    });
  }
}

/** A caller's way to end something, from its begin to its end. */
export interface Cancellation {
  readonly signal: AbortSignal;
  readonly cancel: (reason: unknown) => void;
  readonly end: () => void;
}

type Outcome =
  | { readonly reply: Buffer; readonly failure?: never }
  | { readonly reply?: never; readonly failure: ServiceError };

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
      `timeoutMs must be a positive number of milliseconds, not ${String(timeoutMs)}`,
    );
  }
  return timeoutMs;
}
