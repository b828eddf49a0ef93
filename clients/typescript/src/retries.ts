/** When a failed call is tried again, and after what pause. */

import type { EdunnError } from "./errors.js";

/**
 * How often and after what pauses a failed call is tried again.
 *
 * The n-th pause is between half of `firstPauseMs * 2**n` and all of it, at most `longestPauseMs`.
 * Where the service names a delay, that comes on top. The random share keeps many refused callers
 * from coming back at the same moment.
 */
export interface RetryPolicy {
  /**
   * How often a call is made at most; 1 turns retries off. With the default of 7, a service that is
   * away for three seconds, as while it restarts, is waited for.
   */
  readonly attempts: number;
  /** In milliseconds; 100 by default. */
  readonly firstPauseMs: number;
  /** In milliseconds; 5000 by default. */
  readonly longestPauseMs: number;
}

/** The policy of a client that is given none. */
export const DEFAULT_RETRIES: RetryPolicy = {
  attempts: 7,
  firstPauseMs: 100,
  longestPauseMs: 5_000,
};

/** Returns the policy that a caller asks for, completed by the default. */
export function retryPolicy(asked: Partial<RetryPolicy> = {}): RetryPolicy {
  const {
    attempts = DEFAULT_RETRIES.attempts,
    firstPauseMs = DEFAULT_RETRIES.firstPauseMs,
    longestPauseMs = DEFAULT_RETRIES.longestPauseMs,
  } = asked;
  if (!(attempts >= 1 && firstPauseMs >= 0 && longestPauseMs >= 0)) {
    throw new RangeError("retry must have at least 1 attempt, and no negative pause");
  }
  return { attempts, firstPauseMs, longestPauseMs };
}

/** The attempts at one call: how much time is left, and what to do after a failure. */
export class Attempts {
  readonly #policy: RetryPolicy;
  readonly #repeatable: boolean;
  readonly #end: number;
  #failures = 0;

  constructor(policy: RetryPolicy, timeoutMs: number, repeatable: boolean) {
    this.#policy = policy;
    this.#repeatable = repeatable;
    this.#end = performance.now() + timeoutMs;
  }

  /** The milliseconds until the call's deadline. */
  get timeLeftMs(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /** Returns the milliseconds to wait before the next attempt, or throws what ends the call. */
  pauseAfter(error: EdunnError): number {
    const pause = pauseMs(this.#policy, this.#failures, error.retryDelayMs);
    this.#failures += 1;
    if (
      this.#failures >= this.#policy.attempts ||
      !mayRepeat(error, this.#repeatable) ||
      pause >= this.timeLeftMs
    ) {
      throw error;
    }
    return pause;
  }
}

/** Returns the pause after the failed attempt of that number, counted from 0. */
export function pauseMs(
  policy: RetryPolicy,
  attempt: number,
  retryDelayMs: number | undefined,
): number {
  const share = 0.5 + Math.random() / 2;
  const backoff = share * Math.min(policy.firstPauseMs * 2 ** attempt, policy.longestPauseMs);
  return backoff + (retryDelayMs ?? 0);
}

/**
 * Tells whether a call that failed so may be made again.
 *
 * RESOURCE_EXHAUSTED with a delay says that the call was refused and never ran. After UNAVAILABLE
 * nobody knows: the connection may have broken on the way back. Then only a call whose repetition
 * changes nothing may be made again. Every other error would come back.
 */
export function mayRepeat(error: EdunnError, repeatable: boolean): boolean {
  if (error.code === "RESOURCE_EXHAUSTED") return error.retryDelayMs !== undefined;
  return error.code === "UNAVAILABLE" && repeatable;
}
