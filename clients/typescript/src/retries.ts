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
   * How often a call is made at most. By default as often as its deadline allows; 1 turns retries
   * off, and the wait for a connection too.
   */
  readonly attempts: number;
  /** In milliseconds; 50 by default. */
  readonly firstPauseMs: number;
  /** In milliseconds; 500 by default. */
  readonly longestPauseMs: number;
}

/** The policy of a client that is given none. */
export const DEFAULT_RETRIES: RetryPolicy = {
  attempts: Infinity,
  firstPauseMs: 50,
  longestPauseMs: 500,
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
  /** The call's deadline, by `performance.now()`. */
  readonly end: number;
  readonly timeoutMs: number;
  readonly #policy: RetryPolicy;
  readonly #repeatable: boolean;
  #failures = 0;
  #mayHaveRun = false;

  constructor(policy: RetryPolicy, timeoutMs: number, repeatable: boolean) {
    this.#policy = policy;
    this.#repeatable = repeatable;
    this.timeoutMs = timeoutMs;
    this.end = performance.now() + timeoutMs;
  }

  /** What bounds each attempt. */
  get bounds(): { readonly end: number; readonly timeoutMs: number } {
    return { end: this.end, timeoutMs: this.timeoutMs };
  }

  /** How many attempts have failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether an attempt that failed may have taken effect. */
  get mayHaveRun(): boolean {
    return this.#mayHaveRun;
  }

  /** Returns the attempts at a repeatable call that is made on the way, within the same deadline. */
  continued(): Attempts {
    return new Attempts(this.#policy, Math.max(1, this.end - performance.now()), true);
  }

  /**
   * Returns the milliseconds to wait before the next attempt, or throws what ends the call.
   *
   * @param wasNotSent - whether the attempt cannot have taken effect
   */
  pauseAfter(error: EdunnError, wasNotSent: boolean): number {
    const pause = pauseMs(this.#policy, this.#failures, error.retryDelayMs);
    this.#failures += 1;
    this.#mayHaveRun ||= error.code === "UNAVAILABLE" && !wasNotSent;
    if (
      this.#failures >= this.#policy.attempts ||
      !mayRepeat(error, this.#repeatable || wasNotSent) ||
      performance.now() + pause >= this.end
    ) {
      throw error;
    }
    return Math.min(pause, LONGEST_TIMER_MS);
  }
}

/** A timer of Node's that is longer fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Returns the pause after the failed attempt of that number, counted from 0. */
export function pauseMs(
  policy: RetryPolicy,
  attempt: number,
  retryDelayMs: number | undefined,
): number {
  const share = 0.5 + Math.random() / 2;
  const backoff =
    share * Math.min(policy.firstPauseMs * 2 ** Math.min(attempt, 30), policy.longestPauseMs);
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
