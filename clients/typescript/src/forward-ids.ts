/** The names that the client gives to forwards and steps. */

import { randomBytes } from "node:crypto";

/**
 * Counts the forwards of each layer of a session.
 *
 * The client names every forward itself, so that a call that got no answer can be made again
 * without a second mask. Who created the session counts `c1`, `c2` and so on for each layer: the
 * same seed and the same calls give the same masks. Who attached to a session of somebody else puts
 * a random word before the count, as two counts of the same names could meet: at best that is an
 * error, at worst (the same input twice) a mask shared by two forwards.
 */
export class ForwardIds {
  readonly #prefix: string;
  readonly #counts = new Map<string, number>();

  constructor(created: boolean) {
    this.#prefix = created ? "c" : `${randomBytes(6).toString("hex")}-`;
  }

  /** Returns the name of the layer's next forward or step. */
  next(layer: string): string {
    const count = (this.#counts.get(layer) ?? 0) + 1;
    this.#counts.set(layer, count);
    return `${this.#prefix}${String(count)}`;
  }
}
