/**
 * A real gRPC server that gives the answers that a test wrote down.
 *
 * It stands for no service: it is for what a healthy one does not do on demand, such as refusing a
 * call twice, or breaking a stream.
 */

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";

import {
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type Any, AnySchema, durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  status as grpcStatus,
  type StatusObject,
} from "@grpc/grpc-js";

import {
  type ComputeRequest,
  type ComputeResponse,
  type ForwardRequest,
  LayerService,
  OperationErrorSchema,
} from "#dist/stubs/edunn_serving/v1/layer_service_pb.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "#dist/stubs/edunn_client/error_details_pb.js";
import type { StatusCode } from "edunn-client";

type Reply = Readonly<Record<string, unknown>>;
type Status = Partial<StatusObject> & Pick<StatusObject, "code">;

type Given = Reply | Status;

/** What a method answers: a message, a status, or what a function makes of the request. */
export type Answer = Given | ((request: never) => Given | Promise<Given>);

/** What a status says besides its code. */
export interface StatusSpec {
  readonly message?: string;
  readonly reason?: string;
  readonly violations?: Readonly<Record<string, string>>;
  readonly retryDelayMs?: number;
}

/** Returns the service's details of a status. */
export function detailsOf({ reason = "REASON", violations, retryDelayMs }: StatusSpec): Any[] {
  const details = [packed("ErrorInfo", ErrorInfoSchema, { reason, metadata: { layer: "l1" } })];
  if (violations !== undefined) {
    const fieldViolations = Object.entries(violations).map(([field, description]) => ({
      field,
      description,
    }));
    details.push(packed("BadRequest", BadRequestSchema, { fieldViolations }));
  }
  if (retryDelayMs !== undefined) {
    const retryDelay = durationFromMs(retryDelayMs);
    details.push(packed("RetryInfo", RetryInfoSchema, { retryDelay }));
  }
  return details;
}

function packed<Desc extends DescMessage>(
  name: string,
  schema: Desc,
  value: MessageInitShape<Desc>,
): Any {
  return create(AnySchema, {
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value: toBinary(schema, create(schema, value)),
  });
}

/** Returns a status with the details that the service gives. */
export function status(code: StatusCode, spec: StatusSpec = {}): Status {
  const number: number = grpcStatus[code];
  const message = spec.message ?? "no";
  const full = create(OperationErrorSchema, { code: number, message, details: detailsOf(spec) });
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(OperationErrorSchema, full)));
  return { code: grpcStatus[code], details: message, metadata };
}

/** Returns a status without details, as a proxy or gRPC itself gives. */
export function plainStatus(code: StatusCode, metadata = new Metadata()): Status {
  return { code: grpcStatus[code], details: "plain", metadata };
}

/** A session that the scripted server may answer with. */
export const SESSION = {
  sessionId: "s1",
  phase: 1,
  layers: [{ name: "l1", type: "ReLU" }],
  ttl: { seconds: 60n },
  createTime: {},
  expireTime: {},
};

/** Answers a forward with its input. */
export function forwarded(request: ForwardRequest): Reply {
  return { forwardId: request.forwardId || "#1", output: request.inputs[0], phase: 1 };
}

type UnaryName = Exclude<keyof typeof LayerService.method, "compute">;
type ComputeCall = ServerDuplexStream<ComputeRequest, ComputeResponse>;

/** Answers each method from its script; `seen` has the requests that came. */
export class ScriptedServer implements AsyncDisposable {
  readonly script = new Map<UnaryName, Answer[]>();
  readonly seen = new Map<string, Message[]>();
  readonly metadata: Metadata[] = [];
  /** Serves the Compute stream. */
  compute: (call: ComputeCall) => void = (call) => call.end();
  readonly #server = new Server({ "grpc.max_receive_message_length": -1 });
  readonly #arrivals = new EventEmitter();
  #port = 0;

  private constructor() {
    for (const method of LayerService.methods) {
      const path = `/${LayerService.typeName}/${method.name}`;
      const [serialize, deserialize] = [encoder(method.output), decoder(method.input)];
      if (method.methodKind === "bidi_streaming") {
        const handle = (call: ComputeCall): void => {
          this.compute(call);
        };
        this.#server.register(path, handle, serialize, deserialize, "bidi");
      } else {
        const handle = (call: Call, send: Send): void => {
          void this.#answer(method.localName as UnaryName, call, send);
        };
        this.#server.register(path, handle, serialize, deserialize, "unary");
      }
    }
  }

  /** Starts a server on a free port. */
  static async start(credentials = ServerCredentials.createInsecure()): Promise<ScriptedServer> {
    const started = new ScriptedServer();
    started.#port = await new Promise<number>((resolve, reject) => {
      started.#server.bindAsync("localhost:0", credentials, (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    return started;
  }

  /** Where it listens. */
  get address(): string {
    return `localhost:${String(this.#port)}`;
  }

  /** Returns the requests of one method that came. */
  requests<Request = Message>(method: UnaryName): Request[] {
    return (this.seen.get(method) ?? []) as Request[];
  }

  /** Resolves once so many requests of one method have come. */
  async waitFor(method: UnaryName, count: number): Promise<void> {
    while (this.requests(method).length < count) await once(this.#arrivals, method);
  }

  /** Stops at once. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    return Promise.resolve();
  }

  async #answer(method: UnaryName, call: Call, send: Send): Promise<void> {
    this.seen.set(method, [...this.requests(method), call.request]);
    this.metadata.push(call.metadata);
    this.#arrivals.emit(method);
    const answer = this.script.get(method)?.shift();
    assert.ok(answer, `no answer to ${method} is left in the script`);
    const given = typeof answer === "function" ? await answer(call.request as never) : answer;
    if (isStatus(given)) send(given);
    else send(null, given as never);
  }
}

type Call = ServerUnaryCall<Message, Message>;
type Send = sendUnaryData<Message>;

function isStatus(answer: Reply | Status): answer is Status {
  return "code" in answer;
}

function encoder<Desc extends DescMessage>(
  schema: Desc,
): (value: MessageInitShape<Desc>) => Buffer {
  return (value) => Buffer.from(toBinary(schema, create(schema, value)));
}

function decoder(schema: DescMessage): (bytes: Buffer) => Message {
  return (bytes) => fromBinary(schema, bytes);
}
