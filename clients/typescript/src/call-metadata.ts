/** The headers of a call: the caller's, and the bearer token. */

import { Metadata } from "@grpc/grpc-js";

import { isLocal } from "./addresses.js";
import type { Endpoint } from "./channel.js";
import { tokenFromEnvironment } from "./environment.js";
import { InvalidArgumentError } from "./errors.js";
import type { ClientOptions, Headers, TokenProvider } from "./options.js";

/** Makes the headers of each attempt at a call. */
export class CallMetadata {
  readonly #token: string | TokenProvider | undefined;
  readonly #headers: Headers;

  constructor({ token, metadata = {} }: ClientOptions, endpoint: Endpoint) {
    this.#token = token ?? tokenFromEnvironment();
    this.#headers = metadata;
    // What is wrong with them is said when the client is made.
    setAll(new Metadata(), metadata);
    if (typeof this.#token === "string") bearer(this.#token);
    if (this.#token !== undefined && endpoint.tls === undefined && !staysHere(endpoint)) {
      process.emitWarning(`the token for ${endpoint.address} travels unencrypted: give tls: true`);
    }
  }

  /** Returns the headers of one attempt; a token provider is asked for each. */
  async next(more: Headers = {}): Promise<Metadata> {
    const metadata = new Metadata();
    setAll(metadata, this.#headers);
    setAll(metadata, more);
    const token = typeof this.#token === "function" ? await this.#token() : this.#token;
    if (token !== undefined) metadata.set("authorization", bearer(token));
    return metadata;
  }
}

/** Returns the header of a token. gRPC's own error about one that cannot be sent would show it. */
function bearer(token: string): string {
  if (!/^[ -~]*$/.test(token)) {
    throw new InvalidArgumentError(
      "the token has characters that no header may have, such as a line break or a letter beyond " +
        "ASCII: trim() one that comes from a file",
      { reason: "INVALID_ARGUMENT" },
    );
  }
  return `Bearer ${token}`;
}

function setAll(metadata: Metadata, headers: Headers): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      metadata.set(name, typeof value === "string" ? value : Buffer.from(value));
    } catch (cause) {
      throw new TypeError(`the header "${name}" cannot be sent: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}

function staysHere({ address, servers }: Endpoint): boolean {
  if (servers.length === 0) return address.startsWith("unix");
  return servers.every(isLocal);
}
