/** Data sets on their way to the service. */

import { createHash } from "node:crypto";

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import { asBuffer, type Call, makeCall, parse } from "./calls.js";
import { InternalError } from "./errors.js";
import type { CallOptions } from "./options.js";
import type {
  ArraySpec as ArraySpecMessage,
  Dataset,
} from "./stubs/edunn_serving/v1/dataset_pb.js";
import {
  TrainingService,
  UploadDatasetRequestSchema,
  UploadDatasetResponseSchema,
} from "./stubs/edunn_serving/v1/training_service_pb.js";
import { DataType } from "./stubs/edunn_serving/v1/tensor_pb.js";
import type { Tensor } from "./tensor.js";
import { dataTypeName, encodeTensor, type TensorInit } from "./tensor-message.js";

const CHUNK_BYTES = 1024 * 1024;

/** An array without its elements. */
export interface ArraySpec {
  /** Such as `float64`. */
  readonly dtype: string;
  /** The size of each axis, outermost first. */
  readonly shape: readonly number[];
}

/** A data set that trainings can use: inputs, and for each the truth. */
export interface DatasetInfo {
  /** How a training names it. */
  readonly name: string;
  /** The inputs. */
  readonly x: ArraySpec;
  /** Labels or numbers, as many as there are inputs. */
  readonly y: ArraySpec;
  /** Of both arrays. */
  readonly sizeBytes: number;
  /** A SHA-256 of types, shapes and elements, in hexadecimal digits. */
  readonly digest: string;
  /** Whether the service brings it. */
  readonly bundled: boolean;
  /** When it was uploaded, unless the service brings it. */
  readonly createTime: Date | undefined;
}

/** How a data set is uploaded. */
export interface UploadOptions extends CallOptions {
  /** Whether another data set of this name is replaced; otherwise that is an error. */
  readonly replace?: boolean | undefined;
}

/** A data set of this program. */
export class NewDataset {
  readonly #name: string;
  readonly #arrays: Arrays;
  readonly #replace: boolean;

  constructor(name: string, x: Tensor, y: Tensor, replace: boolean) {
    this.#name = name;
    this.#arrays = { x: encodeTensor(x), y: encodeTensor(y) };
    this.#replace = replace;
  }

  /** Returns the call that sends it. Elements that are stored already are not sent. */
  upload(stored: readonly DatasetInfo[]): Call<DatasetInfo> {
    const { x, y } = this.#arrays;
    // A digest takes its time, so there is one only where the service may have the elements.
    const mayBeStored = stored.some((info) => isLike(info.x, x) && isLike(info.y, y));
    const header = {
      name: this.#name,
      x: specOf(x),
      y: specOf(y),
      replace: this.#replace,
      digest: mayBeStored ? digestOf(this.#arrays) : "",
    };
    const read = (reply: Buffer): DatasetInfo =>
      decodeDataset(parse(UploadDatasetResponseSchema, reply).dataset);
    const method = TrainingService.method.uploadDataset;
    return {
      path: `/${method.parent.typeName}/${method.name}`,
      request: encode({ part: { case: "header", value: header } }),
      furtherRequests: () => elementsOf(this.#arrays),
      read,
      readMessage: (reply) => read(reply as Buffer),
      repeatable: true,
    };
  }
}

type Arrays = Readonly<Record<"x" | "y", TensorInit>>;

/** Returns the call that lists the caller's data sets and those that the service brings. */
export function listDatasets(): Call<DatasetInfo[]> {
  const { listDatasets: method } = TrainingService.method;
  return makeCall(method, {}, (reply) => reply.datasets.map(decodeDataset), true);
}

/** Returns the call that removes a data set of the caller's. */
export function deleteDataset(name: string): Call<void> {
  // After a repetition the name is not found, which would be an error.
  return makeCall(TrainingService.method.deleteDataset, { name }, () => undefined, false);
}

function* elementsOf(arrays: Arrays): Generator<Buffer> {
  for (const field of ["x", "y"] as const) {
    const data = arrays[field].data;
    for (let at = 0; at < data.length; at += CHUNK_BYTES) {
      yield encode({ part: { case: field, value: data.subarray(at, at + CHUNK_BYTES) } });
    }
  }
}

function encode(message: MessageInitShape<typeof UploadDatasetRequestSchema>): Buffer {
  return asBuffer(
    toBinary(UploadDatasetRequestSchema, create(UploadDatasetRequestSchema, message)),
  );
}

/** Returns the digest that the contract describes. */
function digestOf(arrays: Arrays): string {
  const hash = createHash("sha256");
  for (const field of ["x", "y"] as const) {
    const { dataType, shape } = arrays[field];
    hash.update(`${field} ${String(dataType)} ${shape.join(",")}\n`);
  }
  for (const field of ["x", "y"] as const) hash.update(arrays[field].data);
  return hash.digest("hex");
}

function specOf({ dataType, shape }: TensorInit): Pick<TensorInit, "dataType" | "shape"> {
  return { dataType, shape };
}

function isLike(spec: ArraySpec, { dataType, shape }: TensorInit): boolean {
  return spec.dtype === dataTypeName(dataType) && spec.shape.join() === shape.join();
}

function decodeDataset(message: Dataset | undefined): DatasetInfo {
  if (message === undefined) throw new InternalError("the service left out a data set");
  return {
    name: message.name,
    x: decodeSpec(message.x),
    y: decodeSpec(message.y),
    sizeBytes: Number(message.sizeBytes),
    digest: message.digest,
    bundled: message.bundled,
    createTime: message.createTime === undefined ? undefined : timestampDate(message.createTime),
  };
}

function decodeSpec(message: ArraySpecMessage | undefined): ArraySpec {
  return {
    dtype: dataTypeName(message?.dataType ?? DataType.UNSPECIFIED),
    shape: (message?.shape ?? []).map(Number),
  };
}
