/** Layers as model files: safetensors, in chunks. */

import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";

import { asBuffer, type Call, parse } from "./calls.js";
import { decodeLayer, type LayerInfo } from "./descriptions.js";
import {
  ImportModelRequestSchema,
  ImportModelResponseSchema,
  LayerService,
} from "./stubs/edunn_serving/v1/layer_service_pb.js";

const CHUNK_BYTES = 1024 * 1024;

/** Returns the call for a file that comes in chunks. */
export function downloadCall<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethodServerStreaming<Input, Output>,
  request: MessageInitShape<Input>,
): Call<Uint8Array> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    request: asBuffer(toBinary(method.input, create(method.input, request))),
    readParts: (replies) =>
      Buffer.concat(
        replies.map((reply) => (parse(method.output, reply) as unknown as HasChunk).chunk),
      ),
    read: (reply) => reply,
    readMessage: () => new Uint8Array(),
    repeatable: true,
  };
}

interface HasChunk {
  readonly chunk: Uint8Array;
}

/** Returns the call that takes a model file. Its repetition sets what the first attempt has made. */
export function importModel(sessionId: string, layer: string, file: Uint8Array): Call<LayerInfo> {
  const method = LayerService.method.importModel;
  const encode = (message: MessageInitShape<typeof ImportModelRequestSchema>): Buffer =>
    asBuffer(toBinary(ImportModelRequestSchema, create(ImportModelRequestSchema, message)));
  function* chunks(): Generator<Buffer> {
    for (let at = 0; at < file.length; at += CHUNK_BYTES) {
      yield encode({ chunk: file.subarray(at, at + CHUNK_BYTES) });
    }
  }
  const read = (reply: Buffer): LayerInfo =>
    decodeLayer(parse(ImportModelResponseSchema, reply).layer);
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    request: encode({ sessionId, layer }),
    furtherRequests: chunks,
    read,
    readMessage: (reply) => read(reply as Buffer),
    repeatable: true,
  };
}
