/** What a client logs, and what it warns of. */

import { EventEmitter, once } from "node:events";

import type { Logger } from "edunn-client";

/** A logger that keeps its lines, and lets a test wait for one. */
export class Log implements Logger {
  readonly lines: string[] = [];
  readonly #arrivals = new EventEmitter();

  debug(message: string): void {
    this.#take(message);
  }

  info(message: string): void {
    this.#take(message);
  }

  warn(message: string): void {
    this.#take(`warning: ${message}`);
  }

  /** Resolves with a line that matches, as soon as there is one. */
  async line(pattern: RegExp): Promise<string> {
    // An idle connection keeps no program alive, and a test is to see what comes over it.
    const alive = setInterval(() => undefined, 60_000);
    try {
      for (;;) {
        const found = this.lines.find((line) => pattern.test(line));
        if (found !== undefined) return found;
        await once(this.#arrivals, "line");
      }
    } finally {
      clearInterval(alive);
    }
  }

  #take(line: string): void {
    this.lines.push(line);
    this.#arrivals.emit("line");
  }
}

/** The warnings of this process, from its making on. */
export class Warnings {
  readonly #messages: string[] = [];
  readonly #note = (warning: Error): void => void this.#messages.push(warning.message);

  constructor() {
    process.on("warning", this.#note);
  }

  /** Returns the warnings until now, and takes no more. */
  async taken(): Promise<string[]> {
    // Node emits a warning at the end of the turn in which it was given.
    await new Promise(setImmediate);
    process.off("warning", this.#note);
    return this.#messages;
  }
}
