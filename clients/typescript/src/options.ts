/** What callers may choose: for a client, and for a call. */

import type { ChannelInterface as Channel, ChannelOptions, Interceptor } from "@grpc/grpc-js";

import type { TlsOptions } from "./channel.js";
import type { Logger } from "./logger.js";
import type { RetryPolicy } from "./retries.js";

/** Headers by name; those whose name ends in `-bin` are bytes. */
export type Headers = Readonly<Record<string, string | Uint8Array>>;

/** Returns the bearer token for a call that is about to be made. */
export type TokenProvider = () => string | Promise<string>;

/** How a client connects. */
export interface ClientOptions {
  /**
   * The bearer token, where the service asks for one, or a function that is asked for it before
   * each attempt at a call. Left out, `EDUNN_TOKEN` of the environment.
   */
  readonly token?: string | TokenProvider | undefined;
  /**
   * `true` for TLS with the usual authorities, `false` for plaintext. Left out, the files that
   * `EDUNN_CA`, `EDUNN_CERTIFICATE` and `EDUNN_KEY` name, and plaintext without them.
   */
  readonly tls?: TlsOptions | boolean | undefined;
  /**
   * Milliseconds that a call may take, all attempts together; 30 000 by default. `Infinity` is no
   * deadline.
   */
  readonly timeoutMs?: number | undefined;
  /** How often, and after what pauses, a call is tried again where that is safe. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /**
   * Sends the forwards and backwards of all calls through one Compute stream, which costs the
   * service less. The calls stay what they are: each has its deadline, its cancellation, its retries
   * and its error. Calls with headers of their own or more than 4 MiB, and all calls where something
   * on the way takes no streams, are made by themselves. Interceptors see the stream, not its calls.
   */
  readonly shareStream?: boolean | undefined;
  /** Compresses requests. */
  readonly compression?: "gzip" | undefined;
  /** Headers of every call. */
  readonly metadata?: Headers | undefined;
  /** gRPC's interceptors, around every call; the messages that they see are bytes. */
  readonly interceptors?: readonly Interceptor[] | undefined;
  /** Where retries, reconnections and slow calls are told; left out, `NODE_DEBUG=edunn` shows them. */
  readonly logger?: Logger | undefined;
  /** Milliseconds after which a call is logged as slow; 1 000 by default. */
  readonly slowCallMs?: number | undefined;
  /** Further options of `@grpc/grpc-js`. */
  readonly channelOptions?: ChannelOptions | undefined;
  /** A channel of the caller's own, which closing the client leaves open. */
  readonly channel?: Channel | undefined;
}

/** What each call takes besides. */
export interface CallOptions {
  /** Milliseconds that the call may take, all attempts together; otherwise the client's. */
  readonly timeoutMs?: number | undefined;
  /** Cancels the call: it then fails with a CancelledError whose `cause` is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Headers of this call, besides the client's. */
  readonly metadata?: Headers | undefined;
}

/** What an operation of a stream takes besides. */
export interface OperationOptions {
  /** Milliseconds that it may take, from when the service has received it; otherwise no bound. */
  readonly timeoutMs?: number | undefined;
  /** Cancels the operation alone, of which the service is told. */
  readonly signal?: AbortSignal | undefined;
}
