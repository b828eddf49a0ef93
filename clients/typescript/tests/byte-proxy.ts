/** A proxy before the service that passes bytes on and can cut its connections. */

import { once } from "node:events";
import * as net from "node:net";

/** A proxy that listens on a free port of this machine. */
export class ByteProxy implements AsyncDisposable {
  readonly #server: net.Server;
  /** How many bytes the clients have sent. */
  bytesFromClients = 0;
  #port = 0;
  readonly #sockets = new Set<net.Socket>();

  private constructor(target: string) {
    const { hostname: host, port } = new URL(`tcp://${target}`);
    this.#server = net.createServer((socket) => {
      const onward = net.connect({ host, port: Number(port) });
      for (const end of [socket, onward]) {
        this.#sockets.add(end);
        // A connection that breaks is what this is for.
        end.on("error", () => end.destroy());
      }
      socket.on("data", (bytes) => {
        this.bytesFromClients += bytes.length;
      });
      socket.pipe(onward).pipe(socket);
    });
  }

  /** Starts a proxy. */
  static async start(target: string): Promise<ByteProxy> {
    const proxy = new ByteProxy(target);
    await proxy.listen();
    return proxy;
  }

  /** Where it listens. */
  get address(): string {
    return `localhost:${String(this.#port)}`;
  }

  /** Listens, after `refuse` again at the same port. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, "localhost");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as net.AddressInfo).port;
  }

  /** Breaks every connection and refuses new ones, as a machine whose server restarts. */
  async refuse(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, "close");
  }

  /** Breaks every connection at once; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#sockets.clear();
  }

  /** Stops at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}
