/** Where a service is: one `host:port` or several, and what is wrong with an address at a glance. */

import { isIP } from "node:net";

/** One server: a host and a port, or the path of a Unix socket. */
export type Server =
  | { readonly host: string; readonly port: number; readonly path?: undefined }
  | { readonly path: string };

/** What a client connects to. */
export interface Target {
  /** As the caller wrote it. */
  readonly address: string;
  /** The servers; empty for a target of gRPC's own, such as `dns:///host:port`. */
  readonly servers: readonly Server[];
}

const EXAMPLE = 'write "host:port", such as "localhost:50051"';

// Targets in gRPC's own notation. A port shows that `dns:50051` is a host of that name.
const OWN_NOTATION = /^(dns|ipv4|ipv6|xds|unix-abstract):(?!\d+$)/;

/**
 * Returns the servers that an address names: `host:port`, several separated by commas, or
 * `unix:/path`.
 *
 * @throws TypeError with a sentence that says what to write
 */
export function parseTarget(address: unknown): Target {
  if (typeof address !== "string") {
    throw new TypeError(`an address is a string, not ${typeof address}: ${EXAMPLE}`);
  }
  if (OWN_NOTATION.test(address)) return { address, servers: [] };
  return { address, servers: address.split(",").map((part) => parseServer(part.trim(), address)) };
}

function parseServer(text: string, address: string): Server {
  const whole = text === address ? "" : ` (in "${address}")`;
  if (text === "") throw new TypeError(`an address is empty${whole}: ${EXAMPLE}`);
  if (text.startsWith("unix:")) return { path: text.slice("unix:".length).replace(/^\/\/\//, "/") };
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) {
    const host = URL.canParse(text) ? new URL(text).host : "";
    const instead = host === "" ? EXAMPLE : `write "${withPort(host)}"`;
    const tls = /^https:/i.test(text) ? ", and `tls: true`" : "";
    throw new TypeError(`an address is host:port, not the URL "${text}"${whole}: ${instead}${tls}`);
  }
  const [, bracketed, plain, digits] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || (bracketed !== undefined && isIP(bracketed) !== 6)) {
    const ipv6 = isIP(text) === 6 ? `write "[${text}]:50051"` : EXAMPLE;
    throw new TypeError(`"${text}" is no host:port${whole}: ${ipv6}`);
  }
  if (host === "") throw new TypeError(`the address "${text}" has no host${whole}: ${EXAMPLE}`);
  if (digits === undefined) {
    throw new TypeError(`the address "${text}" has no port${whole}: write "${text}:50051"`);
  }
  const port = Number(digits);
  if (port < 1 || port > 65535) {
    throw new TypeError(`the port of "${text}" is not between 1 and 65535${whole}`);
  }
  return { host, port };
}

function withPort(host: string): string {
  return /:\d+$/.test(host) ? host : `${host}:50051`;
}

/** Tells whether a server is on this machine. */
export function isLocal(server: Server): boolean {
  if (server.path !== undefined) return true;
  const { host } = server;
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** Returns a server as a reader writes it. */
export function nameOf(server: Server): string {
  if (server.path !== undefined) return `unix:${server.path}`;
  return `${isIP(server.host) === 6 ? `[${server.host}]` : server.host}:${String(server.port)}`;
}
