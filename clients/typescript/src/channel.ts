/** How a connection is made: TLS, the bearer token, message sizes and keepalive. */

import { isIP } from "node:net";

import { type ChannelCredentials, type ChannelOptions, credentials, Metadata } from "@grpc/grpc-js";

// A response may hold several tensors of the 64 MiB that the service accepts (a layer's gradients).
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

// The server closes a connection that is pinged more often than every ten seconds.
const KEEPALIVE_TIME_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

/** How to trust the server, and how to be known to it. Each is PEM, as text or as bytes. */
export interface TlsOptions {
  /** The certificate authorities to trust; left out, those of Node. */
  readonly ca?: string | Uint8Array | undefined;
  /** The client's own certificate, for servers that ask for one. */
  readonly certificate?: string | Uint8Array | undefined;
  /** The private key of that certificate. */
  readonly key?: string | Uint8Array | undefined;
}

/** Tells whether the connection is not plaintext. */
export function isEncrypted(tls: TlsOptions | boolean | undefined): boolean {
  return tls !== undefined && tls !== false;
}

/** Returns gRPC's credentials; `true` is TLS with the usual authorities. */
export function channelCredentials(tls: TlsOptions | boolean | undefined): ChannelCredentials {
  if (tls === undefined || tls === false) return credentials.createInsecure();
  const { ca, certificate, key } = tls === true ? {} : tls;
  return credentials.createSsl(pem(ca), pem(key), pem(certificate));
}

/** Returns gRPC's options; those of `more` win. */
export function channelOptions(more: ChannelOptions | undefined): ChannelOptions {
  return {
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    // By default a lost connection is made anew after a second, and ever later up to two minutes.
    // Until then a call fails at once, so a retry would come to nothing.
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 2_000,
    "grpc.keepalive_time_ms": KEEPALIVE_TIME_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    // A client's connection is its own, and ends when it is closed.
    "grpc.use_local_subchannel_pool": 1,
    // Spares the look-up of a TXT record that no edunn service has.
    "grpc.service_config_disable_resolution": 1,
    ...more,
  };
}

/** Returns the metadata of every call: the bearer token, if there is one. */
export function callMetadata(
  token: string | undefined,
  address: string,
  encrypted: boolean,
): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) {
    if (!encrypted && !isLocal(address)) {
      process.emitWarning(`the token for ${address} travels unencrypted: give tls: true`);
    }
    metadata.set("authorization", `Bearer ${token}`);
  }
  return metadata;
}

/** Throws where the address is a URL, which gRPC would take for a host's name. */
export function checkAddress(address: string): void {
  if (/^https?:/i.test(address)) {
    throw new TypeError(`the address is host:port, not a URL; \`tls\` chooses TLS: ${address}`);
  }
}

function isLocal(address: string): boolean {
  if (address.startsWith("unix:")) return true;
  const host = address
    .slice(address.lastIndexOf("/") + 1)
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1");
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function pem(value: string | Uint8Array | undefined): Buffer | null {
  return value === undefined ? null : Buffer.from(value as Uint8Array);
}
