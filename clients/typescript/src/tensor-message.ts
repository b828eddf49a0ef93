/** Tensors to and from the Tensor message, each in one bulk copy. */

import { endianness } from "node:os";

import { InternalError } from "./errors.js";
import { DataType, type Tensor as TensorMessage } from "./stubs/edunn_serving/v1/tensor_pb.js";
import { type AnyTensor, type FloatTensor, Tensor } from "./tensor.js";

/** What a Tensor message is made of. */
export interface TensorInit {
  readonly dataType: DataType;
  readonly shape: bigint[];
  readonly data: Uint8Array;
}

const CODES = {
  bool: DataType.BOOL,
  int32: DataType.INT32,
  int64: DataType.INT64,
  float32: DataType.FLOAT32,
  float64: DataType.FLOAT64,
} as const;

const HOST_IS_LITTLE_ENDIAN = endianness() === "LE";

/** Returns the tensor as a message. On a little-endian host the message is a view of its bytes. */
export function encodeTensor(tensor: Tensor): TensorInit {
  if (!(tensor instanceof Tensor)) {
    throw new TypeError(
      "a Tensor is needed: new Tensor(typedArray, shape), or Tensor.from(values)",
    );
  }
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = tensor.data;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return {
    dataType: CODES[tensor.dtype],
    shape: tensor.shape.map(BigInt),
    data: HOST_IS_LITTLE_ENDIAN ? bytes : inOtherByteOrder(bytes, BYTES_PER_ELEMENT),
  };
}

/** Returns the message as a tensor that owns its elements. */
export function decodeTensor(message: TensorMessage | undefined): AnyTensor {
  if (message === undefined) {
    throw new InternalError("the service left out a tensor");
  }
  const shape = message.shape.map(Number);
  const bytes = message.data;
  const itemBytes = ITEM_BYTES.get(message.dataType);
  if (itemBytes === undefined) {
    const name = dataTypeName(message.dataType);
    throw new InternalError(
      `the service sent a ${name} tensor, which this client has no array for`,
    );
  }
  if (shape.reduce((size, length) => size * length, itemBytes) !== bytes.byteLength) {
    throw new InternalError(
      `the service sent ${String(bytes.byteLength)} bytes for a tensor [${shape.join(", ")}] ` +
        `of ${String(itemBytes)} bytes an element`,
    );
  }
  // A copy, as the message's bytes are anywhere in a larger buffer, and typed arrays are aligned.
  const own = HOST_IS_LITTLE_ENDIAN ? copyOf(bytes) : inOtherByteOrder(bytes, itemBytes);
  switch (message.dataType) {
    case DataType.BOOL:
      return new Tensor<Uint8Array>(own, shape, "bool");
    case DataType.INT32:
      return new Tensor(new Int32Array(own.buffer), shape);
    case DataType.INT64:
      return new Tensor(new BigInt64Array(own.buffer), shape);
    case DataType.FLOAT32:
      return new Tensor(new Float32Array(own.buffer), shape);
    default:
      return new Tensor(new Float64Array(own.buffer), shape);
  }
}

/** Returns the message as a tensor of floating-point numbers, as gradients and parameters are. */
export function decodeFloatTensor(message: TensorMessage | undefined): FloatTensor {
  const tensor = decodeTensor(message);
  if (tensor.dtype !== "float32" && tensor.dtype !== "float64") {
    throw new InternalError(`the service sent ${tensor.dtype} where numbers are computed with`);
  }
  return tensor;
}

/** Returns named tensors as messages. */
export function encodeTensors(
  tensors: Readonly<Record<string, Tensor>>,
): Record<string, TensorInit> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, encodeTensor(tensor)]),
  );
}

/** Returns messages as named tensors. */
export function decodeFloatTensors(
  messages: Readonly<Record<string, TensorMessage>>,
): Record<string, FloatTensor> {
  return Object.fromEntries(
    Object.entries(messages).map(([name, message]) => [name, decodeFloatTensor(message)]),
  );
}

/** Returns the name of an element type, such as `float64`, also of those without an array here. */
export function dataTypeName(dataType: DataType): string {
  // The service may be newer than this client, and know types that it does not.
  const name = DataType[dataType] as string | undefined;
  return name?.toLowerCase() ?? `data type ${String(dataType)}`;
}

/** Returns a copy of the bytes with each element of `itemBytes` turned round. */
export function inOtherByteOrder(bytes: Uint8Array, itemBytes: number): Uint8Array<ArrayBuffer> {
  const own = copyOf(bytes);
  const view = Buffer.from(own.buffer);
  if (itemBytes === 4) view.swap32();
  if (itemBytes === 8) view.swap64();
  return own;
}

function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // Not `slice()`, which of a Buffer is a view.
  return new Uint8Array(bytes);
}

const ITEM_BYTES: ReadonlyMap<DataType, number> = new Map([
  [DataType.BOOL, 1],
  [DataType.INT32, 4],
  [DataType.INT64, 8],
  [DataType.FLOAT32, 4],
  [DataType.FLOAT64, 8],
]);
