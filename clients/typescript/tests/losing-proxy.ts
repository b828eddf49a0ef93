/** A gRPC proxy before the service that has calls carried out and then loses their answers. */

import {
  Client as GrpcClient,
  credentials,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  status,
} from "@grpc/grpc-js";

import { LayerService } from "#dist/stubs/edunn_serving/v1/layer_service_pb.js";

const asIs = (bytes: Buffer): Buffer => bytes;

/** Passes unary calls on as bytes; the next `toLose` answers of one method become UNAVAILABLE. */
export class LosingProxy implements AsyncDisposable {
  /** How many answers are still to be lost. */
  toLose: number;
  readonly #server = new Server();
  readonly #onward: GrpcClient;
  #port = 0;

  private constructor(target: string, lossy: string, toLose: number) {
    this.toLose = toLose;
    this.#onward = new GrpcClient(target, credentials.createInsecure());
    for (const { name, methodKind } of LayerService.methods) {
      if (methodKind !== "unary") continue;
      const path = `/${LayerService.typeName}/${name}`;
      const handle = (call: ServerUnaryCall<Buffer, Buffer>, send: sendUnaryData<Buffer>): void => {
        const options = { deadline: Date.now() + 60_000 };
        this.#onward.makeUnaryRequest(path, asIs, asIs, call.request, options, (error, answer) => {
          if (error === null && name === lossy && this.toLose > 0) {
            this.toLose -= 1;
            send({ code: status.UNAVAILABLE, details: "the answer was lost" });
          } else {
            send(error, answer);
          }
        });
      };
      this.#server.register(path, handle, asIs, asIs, "unary");
    }
  }

  /** Starts a proxy on a free port that loses so many answers of the method. */
  static async start(target: string, lossy: string, toLose: number): Promise<LosingProxy> {
    const proxy = new LosingProxy(target, lossy, toLose);
    proxy.#port = await new Promise<number>((resolve, reject) => {
      proxy.#server.bindAsync("localhost:0", ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    return proxy;
  }

  /** Where it listens. */
  get address(): string {
    return `localhost:${String(this.#port)}`;
  }

  /** Stops at once. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    this.#onward.close();
    return Promise.resolve();
  }
}
