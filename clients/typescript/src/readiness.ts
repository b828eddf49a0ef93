/** Waits for a connection, so that no call is lost to a moment without one. */

import { type ChannelInterface as Channel, connectivityState as State } from "@grpc/grpc-js";

import type { Endpoint } from "./channel.js";
import { diagnose, type Fault } from "./diagnosis.js";
import { DeadlineExceededError, UnavailableError } from "./errors.js";
import type { Logger } from "./logger.js";
import { proxyFault, SILENCE_MS, silentProxyFault } from "./proxy.js";

// gRPC's own wait cannot be cancelled; so it is made in pieces of this length.
const WATCH_MS = 250;
// After so long a fault is looked at again: another may have taken its place.
const DIAGNOSIS_MS = 1_000;

/** What bounds a wait. */
export interface Bounds {
  /** When it ends, by `performance.now()`. */
  readonly end: number;
  readonly signal: AbortSignal;
  /** Whether the first failure to connect ends it. */
  readonly impatient: boolean;
}

/** Knows whether a channel is connected, and why it is not. */
export class Readiness {
  readonly #channel: Channel;
  readonly #endpoint: Endpoint;
  readonly #logger: Logger;
  #watchesForLoss = false;
  #diagnosis: { readonly madeAt: number; readonly fault: Promise<Fault | undefined> } | undefined;

  constructor(channel: Channel, endpoint: Endpoint, logger: Logger) {
    this.#channel = channel;
    this.#endpoint = endpoint;
    this.#logger = logger;
  }

  /**
   * Resolves once the channel is connected; at once where it is.
   *
   * @throws UnavailableError where the time is over, or where waiting does not help
   * @throws DeadlineExceededError where the time is over and nothing is known to be wrong
   * @throws the signal's reason where it is aborted
   */
  async wait(bounds: Bounds): Promise<void> {
    if (this.#state() === State.READY) {
      this.#watchForLoss();
      return;
    }
    const { address } = this.#endpoint;
    const began = performance.now();
    let first: Fault | undefined;
    for (;;) {
      const state = this.#state();
      if (state === State.READY) break;
      const fault = await this.#fault(state, performance.now() - began);
      if (first === undefined && fault !== undefined) {
        first = fault;
        this.#logger.info(`no connection to ${address} yet: ${fault.message}`);
      }
      if (fault?.lasting === true) throw new UnavailableError(fault.message);
      const failed = bounds.impatient && state === State.TRANSIENT_FAILURE;
      if (failed || performance.now() >= bounds.end) {
        const waited = failed ? "" : ` in ${String(Math.round(performance.now() - began))} ms`;
        const why = first === undefined ? "" : `: ${first.message}`;
        const message = `no connection to ${address}${waited}${why}`;
        // Without a fault it may only have been too short a time.
        if (!failed && first === undefined) throw new DeadlineExceededError(message);
        throw new UnavailableError(message);
      }
      await this.#change(state, bounds);
    }
    this.#diagnosis = undefined;
    const level = first === undefined ? "debug" : "info";
    const waited = String(Math.round(performance.now() - began));
    this.#logger[level](`connected to ${address} after ${waited} ms`);
    this.#watchForLoss();
  }

  #watchForLoss(): void {
    if (this.#watchesForLoss) return;
    this.#watchesForLoss = true;
    this.#channel.watchConnectivityState(State.READY, Infinity, () => {
      this.#watchesForLoss = false;
      if (this.#channel.getConnectivityState(false) === State.SHUTDOWN) return;
      this.#logger.info(`the connection to ${this.#endpoint.address} is lost`);
    });
  }

  #state(): State {
    return this.#channel.getConnectivityState(true);
  }

  /** Resolves when the state has changed, or after a while. */
  async #change(state: State, { end, signal }: Bounds): Promise<void> {
    signal.throwIfAborted();
    const wakeAt = Date.now() + Math.min(end - performance.now(), WATCH_MS);
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      signal.addEventListener("abort", wake);
      this.#channel.watchConnectivityState(state, wakeAt, wake);
    });
    signal.throwIfAborted();
  }

  async #fault(state: State, waitedMs: number): Promise<Fault | undefined> {
    const { servers, tls, proxy } = this.#endpoint;
    if (state !== State.TRANSIENT_FAILURE) {
      return proxy !== undefined && waitedMs > SILENCE_MS
        ? silentProxyFault(proxy, servers)
        : undefined;
    }
    const now = performance.now();
    if (this.#diagnosis === undefined || now - this.#diagnosis.madeAt > DIAGNOSIS_MS) {
      const fault = proxy === undefined ? diagnose(servers, tls) : proxyFault(proxy, servers);
      this.#diagnosis = { madeAt: now, fault };
    }
    return this.#diagnosis.fault;
  }
}
