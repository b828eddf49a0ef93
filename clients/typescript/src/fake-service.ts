/** A small service of its own for tests: it speaks the contract, and computes what it is told. */

import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { AnySchema } from "@bufbuild/protobuf/wkt";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";

import { durationOf } from "./duration.js";
import { EdunnError, FailedPreconditionError, NotFoundError, STATUS_CODES } from "./errors.js";
import { decodePhase, encodePhase, type Phase } from "./phase.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "./stubs/edunn_client/error_details_pb.js";
import type { LayerSpec } from "./stubs/edunn_serving/v1/layer_pb.js";
import {
  type BackwardRequest,
  type ComputeRequest,
  type ComputeResponse,
  type CreateSessionRequest,
  type ForwardRequest,
  LayerService,
  OperationErrorSchema,
} from "./stubs/edunn_serving/v1/layer_service_pb.js";
import type { StepRequest, TrainStepRequest } from "./stubs/edunn_serving/v1/step_pb.js";
import type { Tensor as TensorMessage } from "./stubs/edunn_serving/v1/tensor_pb.js";
import type { AnyTensor, FloatTensor } from "./tensor.js";
import { decodeFloatTensor, decodeTensor, encodeTensor } from "./tensor-message.js";

/** What a type of layer does in a fake service. */
export interface FakeLayer {
  /** Left out, the output is the (last) input. */
  readonly forward?: (inputs: readonly AnyTensor[], phase: Phase) => FloatTensor;
  /** Left out, the input's gradient is the output's. */
  readonly backward?: (outputGradient: FloatTensor) => FloatTensor;
}

interface FakeSession {
  readonly request: CreateSessionRequest;
  readonly layers: Map<string, LayerSpec>;
  readonly counts: Map<string, StepCounts>;
}

/** How many backwards have kept gradients of a layer since its last step, and its steps. */
interface StepCounts {
  kept: number;
  steps: bigint;
}

type Reply = Readonly<Record<string, unknown>>;
type Method = keyof typeof LayerService.method;

/**
 * A service on a free port of this machine, for tests of programs that use this library.
 *
 * ```ts
 * await using service = await FakeService.start();
 * using client = new Client(service.address);
 * ```
 *
 * It keeps sessions, layers and parameters as they are given. A layer passes on what it gets,
 * unless `layers` says what its type computes. Steps are counted and change nothing. `failNext` lets a call fail, `calls` has those made.
 */
export class FakeService implements AsyncDisposable {
  /** The methods called so far, in order; operations of a stream count as methods. */
  readonly calls: Method[] = [];
  readonly #server = new grpc.Server();
  readonly #layers: Readonly<Record<string, FakeLayer>>;
  readonly #sessions = new Map<string, FakeSession>();
  readonly #failures: EdunnError[] = [];
  #created = 0;
  #port = 0;

  private constructor(layers: Readonly<Record<string, FakeLayer>>) {
    this.#layers = layers;
    for (const method of LayerService.methods) {
      const path = `/${LayerService.typeName}/${method.name}`;
      const [serialize, deserialize] = [encoder(method.output), decoder(method.input)];
      if (method.methodKind === "bidi_streaming") {
        this.#server.register(path, this.#stream.bind(this), serialize, deserialize, "bidi");
      } else if (method.methodKind === "unary") {
        const name = method.localName as Method;
        const handle = (call: { request: unknown }, send: grpc.sendUnaryData<Reply>): void => {
          try {
            send(null, this.#answer(name, call.request));
          } catch (error) {
            send(statusOf(error));
          }
        };
        this.#server.register(path, handle, serialize, deserialize, "unary");
      }
    }
  }

  /**
   * Starts a service.
   *
   * @param layers - by type what a layer computes; other types pass on what they get
   */
  static async start(layers: Readonly<Record<string, FakeLayer>> = {}): Promise<FakeService> {
    const service = new FakeService(layers);
    service.#port = await new Promise<number>((resolve, reject) => {
      const insecure = grpc.ServerCredentials.createInsecure();
      service.#server.bindAsync("127.0.0.1:0", insecure, (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    return service;
  }

  /** Where it listens. */
  get address(): string {
    return `127.0.0.1:${String(this.#port)}`;
  }

  /** Lets the next call fail; several failures come one after the other. */
  failNext(...errors: readonly EdunnError[]): void {
    this.#failures.push(...errors);
  }

  /** Stops at once. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    return Promise.resolve();
  }

  #answer(method: Method, request: unknown): Reply {
    this.calls.push(method);
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    const answer = this.#methods[method];
    if (answer !== undefined) return answer(request as never);
    throw new EdunnError(`a fake service has no ${method}`, { code: "UNIMPLEMENTED" });
  }

  readonly #methods: Readonly<Partial<Record<Method, (request: never) => Reply>>> = {
    listLayerTypes: () => ({
      layerTypes: Object.keys(this.#layers).map((type) => ({ type, inputs: ["x"] })),
    }),
    createSession: (request: CreateSessionRequest) => {
      const sessionId = request.sessionId || `fake-${String(++this.#created)}`;
      const layers = new Map(request.layers.map((layer) => [layer.name, layer]));
      this.#sessions.set(sessionId, { request, layers, counts: new Map() });
      return { session: this.#describe(sessionId) };
    },
    getSession: ({ sessionId }: { sessionId: string }) => ({ session: this.#describe(sessionId) }),
    deleteSession: ({ sessionId }: { sessionId: string }) => {
      this.#session(sessionId);
      this.#sessions.delete(sessionId);
      return {};
    },
    addLayer: ({ sessionId, layer }: { sessionId: string; layer: LayerSpec }) => {
      this.#session(sessionId).layers.set(layer.name, layer);
      return { layer: describeLayer(layer) };
    },
    forward: (request: ForwardRequest) => {
      const { type } = this.#layer(request);
      const phase = decodePhase(request.phase || this.#session(request.sessionId).request.phase);
      const inputs = request.inputs.map(decodeTensor);
      const output = this.#layers[type]?.forward?.(inputs, phase);
      return {
        forwardId: request.forwardId,
        output: output === undefined ? request.inputs.at(-1) : encodeTensor(output),
        phase: encodePhase(phase),
      };
    },
    backward: (request: BackwardRequest) => {
      const { type } = this.#layer(request);
      const gradient = decodeFloatTensor(request.outputGradient);
      const inputGradient = this.#layers[type]?.backward?.(gradient) ?? gradient;
      if (request.accumulate) this.#countsOf(request).kept += 1;
      return { inputGradient: encodeTensor(inputGradient) };
    },
    listOptimizerTypes: () => ({ optimizerTypes: [{ type: "GradientDescent" }] }),
    step: (request: StepRequest) => {
      const counts = this.#countsOf(request);
      if (counts.kept === 0) {
        throw new FailedPreconditionError("no gradients are kept", { reason: "NO_GRADIENTS" });
      }
      return stepped(request, counts);
    },
    trainStep: (request: TrainStepRequest) => {
      this.#layer({ sessionId: request.sessionId, layer: request.loss });
      return { ...stepped(request, this.#countsOf(request)), loss: 0 };
    },
    clearGradients: (request: { sessionId: string; layer: string }) => {
      this.#countsOf(request).kept = 0;
      return {};
    },
    getParameters: (request: { sessionId: string; layer: string }) => ({
      parameters: this.#layer(request).parameters,
    }),
    setParameters: (request: {
      sessionId: string;
      layer: string;
      parameters: Readonly<Record<string, TensorMessage>>;
    }) => {
      Object.assign(this.#layer(request).parameters, request.parameters);
      return {};
    },
  };

  #stream(call: grpc.ServerDuplexStream<ComputeRequest, ComputeResponse>): void {
    call.on("data", ({ operations }: ComputeRequest) => {
      const results = operations.map(({ requestId, operation }) => {
        try {
          const method = operation.case ?? "forward";
          const value = this.#answer(method, operation.value);
          return { requestId, result: { case: method, value } };
        } catch (error) {
          return { requestId, result: { case: "error", value: operationError(error) } };
        }
      });
      call.write({ results } as never);
    });
    call.on("end", () => call.end());
  }

  #session(sessionId: string): FakeSession {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) return session;
    throw new NotFoundError(`no session ${sessionId}`, { reason: "SESSION_NOT_FOUND" });
  }

  #layer({ sessionId, layer }: { sessionId: string; layer: string }): LayerSpec {
    const found = this.#session(sessionId).layers.get(layer);
    if (found !== undefined) return found;
    throw new NotFoundError(`no layer ${layer}`, { reason: "LAYER_NOT_FOUND" });
  }

  #countsOf(request: { sessionId: string; layer: string }): StepCounts {
    this.#layer(request);
    const { counts } = this.#session(request.sessionId);
    const found = counts.get(request.layer) ?? { kept: 0, steps: 0n };
    counts.set(request.layer, found);
    return found;
  }

  #describe(sessionId: string): Reply {
    const { request, layers } = this.#session(sessionId);
    return {
      sessionId,
      phase: encodePhase(decodePhase(request.phase)),
      seed: request.seed ?? 0n,
      layers: [...layers.values()].map(describeLayer),
      ttl: request.ttl ?? durationOf(3_600),
      createTime: timestampNow(),
      expireTime: timestampNow(),
    };
  }
}

function stepped({ stepId }: { readonly stepId: string }, counts: StepCounts): Reply {
  counts.kept = 0;
  counts.steps += 1n;
  return { stepId: stepId || `#${String(counts.steps)}`, steps: counts.steps };
}

function describeLayer({ name, type, config, parameters }: LayerSpec): Reply {
  const described = Object.entries(parameters).map(([parameter, { dataType, shape }]) => ({
    name: parameter,
    dataType,
    shape,
  }));
  return { name, type, config: config ?? {}, parameters: described };
}

/** Returns an error as the service's field of a stream's result, with its details. */
function operationError(error: unknown): MessageInitShape<typeof OperationErrorSchema> {
  if (!(error instanceof EdunnError)) return { code: grpc.status.INTERNAL, message: String(error) };
  const { code, message, reason, metadata, violations, retryDelayMs } = error;
  const fieldViolations = violations.map((violation) => ({ ...violation }));
  const details = [packed("ErrorInfo", ErrorInfoSchema, { reason, metadata: { ...metadata } })];
  if (violations.length > 0) {
    details.push(packed("BadRequest", BadRequestSchema, { fieldViolations }));
  }
  if (retryDelayMs !== undefined) {
    const retryDelay = durationOf(retryDelayMs / 1_000);
    details.push(packed("RetryInfo", RetryInfoSchema, { retryDelay }));
  }
  return { code: STATUS_CODES.indexOf(code), message, details };
}

function packed<Desc extends DescMessage>(
  name: string,
  schema: Desc,
  value: MessageInitShape<Desc>,
): MessageInitShape<typeof AnySchema> {
  const typeUrl = `type.googleapis.com/google.rpc.${name}`;
  return { typeUrl, value: toBinary(schema, create(schema, value)) };
}

function statusOf(error: unknown): Partial<grpc.StatusObject> {
  const status = create(OperationErrorSchema, operationError(error));
  const metadata = new grpc.Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(OperationErrorSchema, status)));
  const code = grpc.status[error instanceof EdunnError ? error.code : "INTERNAL"];
  return { code, details: status.message, metadata };
}

function encoder(schema: DescMessage): (value: MessageInitShape<DescMessage>) => Buffer {
  return (value) => Buffer.from(toBinary(schema, create(schema, value)));
}

function decoder(schema: DescMessage): (bytes: Buffer) => never {
  return (bytes) => fromBinary(schema, bytes) as never;
}
