/** The HTTP proxy that gRPC goes through, where the environment names one. */

import * as net from "node:net";

import { isLocal, nameOf, type Server } from "./addresses.js";
import type { Fault } from "./diagnosis.js";

/** A proxy, and the variable of the environment that names it. */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  readonly variable: string;
}

// Those that gRPC looks at, in its order.
const VARIABLES = ["grpc_proxy", "https_proxy", "http_proxy"];
// A guard against proxies that take no connection.
const PATIENCE_MS = 1_000;
/** How long a proxy may be silent before it is given up. */
export const SILENCE_MS = 3_000;

/** Tells whether gRPC may go through a proxy: not to this machine, and not to several servers. */
export function mayUseProxy(servers: readonly Server[]): boolean {
  const [server, ...others] = servers;
  return server !== undefined && others.length === 0 && !isLocal(server);
}

/** Returns the proxy that stands before the servers, if one does. */
export function proxyOf(servers: readonly Server[]): Proxy | undefined {
  const [server] = servers;
  if (server?.path !== undefined || !mayUseProxy(servers)) return undefined;
  const variable = VARIABLES.find((name) => process.env[name]);
  const text = variable === undefined ? undefined : process.env[variable];
  if (variable === undefined || text === undefined || !URL.canParse(text)) return undefined;
  const excepted = process.env["no_grpc_proxy"] ?? process.env["no_proxy"] ?? "";
  // An exception that is a network is left to gRPC, and then nothing is said of the proxy.
  if (excepted.includes("/")) return undefined;
  if (excepted.split(",").some((end) => end !== "" && server?.host.endsWith(end))) return undefined;
  const { hostname, port } = new URL(text);
  return { host: hostname, port: port === "" ? 80 : Number(port), variable };
}

/** Returns why there is no connection through the proxy. */
export async function proxyFault(proxy: Proxy, servers: readonly Server[]): Promise<Fault> {
  const failure = await failureToConnect(proxy);
  if (failure !== undefined) return { message: sentence(proxy, servers, failure), lasting: true };
  return { message: sentence(proxy, servers, "it makes no connection"), lasting: false };
}

/** Returns the fault of a proxy that has been silent for too long. */
export function silentProxyFault(proxy: Proxy, servers: readonly Server[]): Fault {
  const what = `it has been silent for ${String(SILENCE_MS)} ms`;
  return { message: sentence(proxy, servers, what), lasting: true };
}

function sentence(proxy: Proxy, servers: readonly Server[], what: string): string {
  const target = servers.map(nameOf).join(",");
  const host = servers[0]?.path === undefined ? servers[0]?.host : "";
  return (
    `${target} is called through the proxy ${proxy.host}:${String(proxy.port)} ` +
    `(the variable ${proxy.variable}): ${what}; without the proxy: no_proxy=${host ?? ""}`
  );
}

function failureToConnect({ host, port }: Proxy): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const end = (failure?: string): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.setTimeout(PATIENCE_MS, () => {
      end("it takes no connection");
    });
    socket.once("connect", () => {
      end();
    });
    socket.once("error", (error) => {
      end(error.message);
    });
  });
}
