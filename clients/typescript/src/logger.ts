/** Where the client tells what goes on. */

import { debuglog } from "node:util";

/** Takes the client's log lines: `console`, and the loggers of pino and winston, are ones. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

const log = debuglog("edunn");

/** Prints to standard error where the environment has `NODE_DEBUG=edunn`. */
export const NODE_DEBUG_LOGGER: Logger = {
  debug: (message) => {
    log("%s", message);
  },
  info: (message) => {
    log("%s", message);
  },
  warn: (message) => {
    log("%s", message);
  },
};
