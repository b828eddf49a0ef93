/** How a connection is made: the servers, TLS, message sizes, keepalive, the way round a proxy. */

import {
  type ChannelCredentials,
  type ChannelOptions,
  compressionAlgorithms,
  credentials,
} from "@grpc/grpc-js";

import { parseTarget, type Server } from "./addresses.js";
import { targetFromEnvironment, tlsFromEnvironment } from "./environment.js";
import type { ClientOptions } from "./options.js";
import { mayUseProxy, type Proxy, proxyOf } from "./proxy.js";
import { listTarget } from "./resolver.js";
import { VERSION } from "./version.js";

// A response may hold several tensors of the 64 MiB that the service accepts (a layer's gradients).
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

// The server closes a connection that is pinged more often than every ten seconds.
const KEEPALIVE_TIME_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

/** How to trust the server, and how to be known to it. Each but the name is PEM, text or bytes. */
export interface TlsOptions {
  /** The certificate authorities to trust; left out, those of Node. */
  readonly ca?: string | Uint8Array | undefined;
  /** The client's own certificate, for servers that ask for one. */
  readonly certificate?: string | Uint8Array | undefined;
  /** The private key of that certificate. */
  readonly key?: string | Uint8Array | undefined;
  /** The name that the server's certificate must have; left out, the address's host. */
  readonly serverName?: string | undefined;
}

/** The other end of a connection. */
export interface Endpoint {
  /** As the caller wrote it. */
  readonly address: string;
  /** Empty where gRPC alone knows them. */
  readonly servers: readonly Server[];
  /** Undefined without TLS. */
  readonly tls: TlsOptions | undefined;
  readonly proxy: Proxy | undefined;
}

/** Returns what the caller, or else the environment, says about the other end. */
export function endpointOf(address: string | undefined, options: ClientOptions): Endpoint {
  if (options.channel !== undefined) {
    const tls = options.tls === undefined || options.tls === false ? undefined : {};
    return {
      address: address ?? options.channel.getTarget(),
      servers: [],
      tls,
      proxy: undefined,
    };
  }
  const target = parseTarget(address ?? targetFromEnvironment());
  const { servers } = target;
  const proxy = usesProxies(servers, options.channelOptions) ? proxyOf(servers) : undefined;
  return { ...target, tls: tlsOf(options.tls), proxy };
}

function tlsOf(given: TlsOptions | boolean | undefined): TlsOptions | undefined {
  if (given === false) return undefined;
  const fromEnvironment = tlsFromEnvironment();
  const tls = given === undefined || given === true ? fromEnvironment : given;
  if (tls === undefined) return given === true ? {} : undefined;
  if ((tls.certificate === undefined) !== (tls.key === undefined)) {
    throw new TypeError("a certificate of the client's needs its key, and a key its certificate");
  }
  return tls;
}

function usesProxies(servers: readonly Server[], options: ChannelOptions = {}): boolean {
  return options["grpc.enable_http_proxy"] !== 0 && mayUseProxy(servers);
}

/** Returns gRPC's name of the servers. */
export function grpcTarget({ address, servers }: Endpoint): string {
  return servers.length > 1 ? listTarget(servers) : address.trim();
}

/** Returns gRPC's credentials. */
export function channelCredentials({ tls }: Endpoint): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { ca, certificate, key } = tls;
  return credentials.createSsl(
    pem(ca, "CERTIFICATE"),
    pem(key, "PRIVATE KEY"),
    pem(certificate, "CERTIFICATE"),
  );
}

/** Returns gRPC's options; those of the caller's `channelOptions` win. */
export function channelOptions(
  { servers, tls }: Endpoint,
  options: Pick<ClientOptions, "channelOptions" | "compression">,
): ChannelOptions {
  return {
    "grpc.primary_user_agent": `edunn-typescript/${VERSION}`,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    // By default a lost connection is made anew after a second, and ever later up to two minutes.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 400,
    "grpc.keepalive_time_ms": KEEPALIVE_TIME_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    // A client's connection is its own, and ends when it is closed.
    "grpc.use_local_subchannel_pool": 1,
    // Spares the look-up of a TXT record that no edunn service has.
    "grpc.service_config_disable_resolution": 1,
    ...(!mayUseProxy(servers) && servers.length > 0 && { "grpc.enable_http_proxy": 0 }),
    ...(servers.length > 1 && { "grpc.service_config": ROUND_ROBIN }),
    ...(tls?.serverName !== undefined && {
      "grpc.ssl_target_name_override": tls.serverName,
      "grpc.default_authority": tls.serverName,
    }),
    ...(options.compression === "gzip" && {
      "grpc.default_compression_algorithm": compressionAlgorithms.gzip,
    }),
    ...options.channelOptions,
  };
}

const ROUND_ROBIN = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });

/** Returns the bytes of PEM; Node takes what is none for nothing. */
function pem(value: string | Uint8Array | undefined, what: string): Buffer | null {
  if (value === undefined) return null;
  const bytes = Buffer.from(value as Uint8Array);
  if (bytes.includes(`${what}-----`)) return bytes;
  throw new TypeError(`tls: there is no ${what} in PEM format in what was given for one`);
}
