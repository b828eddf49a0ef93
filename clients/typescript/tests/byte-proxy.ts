/** Proxies before the service that pass bytes on: one speaks TLS, one can cut its connections. */

import { once } from "node:events";
import * as net from "node:net";
import * as tls from "node:tls";

/** A proxy that listens on a free port of this machine. */
export class ByteProxy implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(target: string, options: tls.TlsOptions | undefined) {
    const { hostname: host, port } = new URL(`tcp://${target}`);
    const pass = (socket: net.Socket): void => {
      const onward = net.connect({ host, port: Number(port) });
      for (const end of [socket, onward]) {
        this.#sockets.add(end);
        // A connection that breaks is what this is for.
        end.on("error", () => end.destroy());
      }
      socket.pipe(onward).pipe(socket);
    };
    this.#server =
      options === undefined
        ? net.createServer(pass)
        : tls.createServer({ ...options, ALPNProtocols: ["h2"] }, pass);
  }

  /** Starts a proxy; with options it speaks TLS. */
  static async start(target: string, options?: tls.TlsOptions): Promise<ByteProxy> {
    const proxy = new ByteProxy(target, options);
    proxy.#server.listen(0, "localhost");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Where it listens. */
  get address(): string {
    return `localhost:${String((this.#server.address() as net.AddressInfo).port)}`;
  }

  /** Breaks every connection at once; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#sockets.clear();
  }

  /** Stops at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}
