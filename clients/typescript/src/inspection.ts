/** How objects look when a person prints them. */

import { inspect } from "node:util";

/** What `console.log` and `util.inspect` ask an object for. */
export const INSPECT = inspect.custom;

/** Whatever calls `[INSPECT]`. */
export type Inspect = typeof inspect;

/** The options that it passes on. */
export type InspectOptions = Parameters<Inspect>[1];

/** Returns the object with a `toJSON` that nothing else shows of it. */
export function withJson<Value extends object>(value: Value, toJSON: () => unknown): Value {
  return Object.defineProperty(value, "toJSON", { value: toJSON });
}
