/** Why there is no connection, in a sentence that says what to do. */

import * as net from "node:net";
import * as tls from "node:tls";

import { nameOf, type Server } from "./addresses.js";
import type { TlsOptions } from "./channel.js";

/** Why there is no connection. */
export interface Fault {
  /** What is wrong, and where it can be mended what to write. */
  readonly message: string;
  /** Whether it stays so until somebody mends it: waiting does not help. */
  readonly lasting: boolean;
}

// A guard against hosts that answer nothing.
const PATIENCE_MS = 1_000;
// After a TLS handshake the server may still refuse the certificate that it was shown, or was not.
const REFUSAL_MS = 200;

const HTTP2 = "h2";
// What each side of an HTTP/2 connection begins with is a frame of settings; the client's comes
// after a text, and is empty here.
const [TYPE_AT, SETTINGS] = [3, 4];
const PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.of(0, 0, 0, SETTINGS, 0, 0, 0, 0, 0),
]);

/**
 * Connects to the servers once more, to learn what gRPC's own error does not tell.
 *
 * A fault is lasting only where it is that of every server.
 */
export async function diagnose(
  servers: readonly Server[],
  options: TlsOptions | undefined,
): Promise<Fault | undefined> {
  const faults = await Promise.all(
    servers.map((server) =>
      options === undefined ? plaintextFault(server) : tlsFault(server, options),
    ),
  );
  const first = faults.find((fault) => fault !== undefined);
  if (first === undefined) return undefined;
  return { message: first.message, lasting: faults.every((fault) => fault?.lasting === true) };
}

async function plaintextFault(server: Server): Promise<Fault | undefined> {
  // A server that takes part in a TLS handshake, whoever it trusts, is not called in plaintext.
  const { failure, shook } = await handshake(server, { rejectUnauthorized: false });
  const name = nameOf(server);
  if (shook || failure?.code?.includes("_ALERT_")) {
    const message = `${name} speaks TLS: give \`tls: true\`, or \`tls: { ca }\` for an authority of your own`;
    return { message, lasting: true };
  }
  if (failure?.syscall !== undefined) {
    return unknownHost(failure, server) ?? { message: failure.message, lasting: false };
  }
  if (failure === undefined || !(await answersInAnotherProtocol(server))) return undefined;
  const message = `${name} answers, but not in gRPC (HTTP/2): is it another port?`;
  return { message, lasting: true };
}

async function tlsFault(server: Server, options: TlsOptions): Promise<Fault | undefined> {
  const { failure, shook, protocol } = await handshake(server, {
    ca: options.ca as string | undefined,
    cert: options.certificate as string | undefined,
    key: options.key as string | undefined,
    servername: options.serverName ?? serverName(server),
  });
  if (shook && protocol !== HTTP2) {
    return { message: noGrpc(nameOf(server)), lasting: true };
  }
  if (failure === undefined) return undefined;
  const unknown = unknownHost(failure, server);
  if (unknown !== undefined) return unknown;
  const advice = adviceFor(failure, nameOf(server));
  return { message: advice ?? failure.message, lasting: advice !== undefined };
}

function unknownHost({ code, message }: NodeJS.ErrnoException, server: Server): Fault | undefined {
  if (code !== "ENOTFOUND" && code !== "EAI_AGAIN") return undefined;
  return {
    message: `the host of ${nameOf(server)} is not known: give the service's address (${message})`,
    lasting: true,
  };
}

function adviceFor(failure: NodeJS.ErrnoException, name: string): string | undefined {
  const code = failure.code ?? "";
  if (code.includes("NO_APPLICATION_PROTOCOL")) return noGrpc(name);
  const why = failure.message.replace(/^[\dA-F]+:error:[^:]*:/, "").trim();
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(code)) {
    return `${name} does not speak TLS: leave \`tls\` out`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `the certificate of ${name} is for another name: call the service by the name in its certificate, or give that as \`tls: { serverName }\` (${why})`;
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return `the certificate of ${name} is out of date (${why})`;
  }
  if (/SELF_SIGNED|UNABLE_TO_|ISSUER|CERT_UNTRUSTED|SIGNATURE_FAILURE/.test(code)) {
    return `the certificate of ${name} is from an authority that is not trusted here: give it as \`tls: { ca }\` (${why})`;
  }
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/.test(code)) {
    return `${name} asks for a certificate of the client's: give \`tls: { certificate, key }\` (${why})`;
  }
  if (code.includes("_ALERT_")) return `${name} refuses the client's certificate (${why})`;
  return undefined;
}

function noGrpc(name: string): string {
  return `${name} speaks TLS, but not gRPC (HTTP/2): is it another port?`;
}

interface Handshake {
  readonly failure?: NodeJS.ErrnoException;
  /** Whether the handshake was finished, whatever came after it. */
  readonly shook: boolean;
  /** The protocol that the server then chose. */
  readonly protocol: string | false | null;
}

/** Tries a TLS handshake, and waits a little for what the server says after it. */
function handshake(server: Server, options: tls.ConnectionOptions): Promise<Handshake> {
  return new Promise((resolve) => {
    let shook = false;
    const socket = tls.connect({ ...server, ...options, ALPNProtocols: [HTTP2] });
    const end = (failure?: Error): void => {
      socket.destroy();
      const protocol = socket.alpnProtocol;
      resolve({ ...(failure !== undefined && { failure: first(failure) }), shook, protocol });
    };
    socket.setTimeout(PATIENCE_MS, () => {
      end();
    });
    socket.once("secureConnect", () => {
      shook = true;
      socket.setTimeout(REFUSAL_MS);
    });
    // The server's settings: it is content with what it was shown.
    socket.once("data", () => {
      end();
    });
    socket.on("error", end);
    socket.once("close", () => {
      end();
    });
  });
}

/** Begins to speak HTTP/2, and tells whether the server's answer is something else. */
function answersInAnotherProtocol(server: Server): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(server);
    const end = (differs: boolean): void => {
      socket.destroy();
      resolve(differs);
    };
    socket.setTimeout(PATIENCE_MS, () => {
      end(false);
    });
    socket.once("connect", () => socket.write(PREFACE));
    socket.once("data", (begin: Buffer) => {
      end(begin.length > TYPE_AT && begin[TYPE_AT] !== SETTINGS);
    });
    socket.once("error", () => {
      end(false);
    });
    socket.once("close", () => {
      end(false);
    });
  });
}

/** Returns the first of the failures, where a name has several addresses. */
function first(failure: Error): NodeJS.ErrnoException {
  return failure instanceof AggregateError ? (failure.errors[0] as Error) : failure;
}

function serverName(server: Server): string {
  // The name of an IP address is not sent, as the standard has it.
  if (server.path !== undefined || net.isIP(server.host) !== 0) return "";
  return server.host;
}
