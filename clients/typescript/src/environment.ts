/** What the environment says about the service, where the program does not. */

import { readFileSync } from "node:fs";

import type { TlsOptions } from "./channel.js";

/** Returns the addresses in `EDUNN_TARGET`. */
export function targetFromEnvironment(): string {
  const target = variable("EDUNN_TARGET");
  if (target === undefined) {
    throw new TypeError(
      'no address: new Client("localhost:50051"), or EDUNN_TARGET in the environment',
    );
  }
  return target;
}

/** Returns the token in `EDUNN_TOKEN`. */
export function tokenFromEnvironment(): string | undefined {
  return variable("EDUNN_TOKEN");
}

/** Returns what the files hold that `EDUNN_CA`, `EDUNN_CERTIFICATE` and `EDUNN_KEY` name. */
export function tlsFromEnvironment(): TlsOptions | undefined {
  const [ca, certificate, key] = ["EDUNN_CA", "EDUNN_CERTIFICATE", "EDUNN_KEY"].map(fileIn);
  if (ca === undefined && certificate === undefined && key === undefined) return undefined;
  return { ca, certificate, key };
}

function fileIn(name: string): string | undefined {
  const path = variable(name);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new TypeError(`${name} names a file that cannot be read: ${path}`, { cause });
  }
}

function variable(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}
