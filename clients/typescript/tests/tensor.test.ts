import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { create, fromBinary } from "@bufbuild/protobuf";
import { type AnyTensor, InternalError, Tensor } from "edunn-client";

import { DataType, TensorSchema } from "#dist/stubs/edunn_serving/v1/tensor_pb.js";
import { decodeTensor, encodeTensor, inOtherByteOrder } from "#dist/tensor-message.js";

const EXAMPLES: AnyTensor[] = [
  Tensor.bool(Uint8Array.of(0, 1, 1, 0, 1, 0), [2, 3]),
  new Tensor(Int32Array.of(-1, 2 ** 31 - 1, 0, 1, 2, 3), [2, 3]),
  new Tensor(BigInt64Array.of(-1n, 2n ** 63n - 1n, 2n ** 53n + 1n), [3, 1]),
  new Tensor(Float32Array.of(1.5, -0, NaN, Infinity), [2, 2]),
  new Tensor(Float64Array.of(Math.PI, -0, NaN, -Infinity), [4]),
  new Tensor(Float64Array.of(7), []),
  new Tensor(new Float64Array(0), [2, 0, 4]),
];

describe("a tensor comes back equal", () => {
  for (const tensor of EXAMPLES) {
    test(`${tensor.dtype} [${tensor.shape.join(", ")}]`, () => {
      assert.deepEqual(decodeTensor(create(TensorSchema, encodeTensor(tensor))), tensor);
    });
  }
});

test("a part of a larger buffer is sent alone", () => {
  const part = Float64Array.of(1, 2, 3, 4).subarray(1, 3);
  const back = decodeTensor(create(TensorSchema, encodeTensor(new Tensor(part, [2]))));
  assert.deepEqual(back.toNested(), [2, 3]);
});

test("a received tensor is aligned and its own, wherever its bytes were", () => {
  const bytes = Buffer.alloc(17);
  bytes.writeDoubleLE(1.5, 1);
  const message = create(TensorSchema, {
    dataType: DataType.FLOAT64,
    shape: [2n],
    data: bytes.subarray(1),
  });
  const tensor = decodeTensor(message);
  bytes.fill(0);
  assert.deepEqual(tensor.toNested(), [1.5, 0]);
});

test("the other byte order turns each element round", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  assert.deepEqual([...inOtherByteOrder(bytes, 1)], [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual([...inOtherByteOrder(bytes, 4)], [4, 3, 2, 1, 8, 7, 6, 5]);
  assert.deepEqual([...inOtherByteOrder(bytes, 8)], [8, 7, 6, 5, 4, 3, 2, 1]);
  assert.deepEqual([...bytes], [1, 2, 3, 4, 5, 6, 7, 8]);
});

describe("a shape", () => {
  test("must hold as many elements as there are", () => {
    assert.throws(() => new Tensor(new Float64Array(6), [2, 2]), {
      name: "RangeError",
      message: "the shape [2, 2] has 4 elements, but 6 were given",
    });
  });

  test("must be of whole numbers", () => {
    for (const bad of [-1, 1.5, NaN]) {
      assert.throws(() => new Tensor(new Float64Array(1), [bad]), RangeError);
    }
  });

  test("is one axis if left out", () => {
    assert.deepEqual(new Tensor(new Float64Array(3)).shape, [3]);
  });
});

describe("nothing is cast", () => {
  test("from an array that no dtype has", () => {
    const bytes = new Uint8Array(2) as unknown as Float64Array;
    assert.throws(() => new Tensor(bytes), /Uint8Array: use .* Tensor.bool for booleans/);
    assert.throws(() => new Tensor([1, 2] as unknown as Float64Array), /Tensor.from/);
  });

  test("from a byte that is no boolean", () => {
    assert.throws(() => Tensor.bool(Uint8Array.of(0, 2)), RangeError);
  });

  test("from something that is no tensor", () => {
    assert.throws(() => encodeTensor([1] as unknown as Tensor), /a Tensor is needed/);
  });
});

describe("nested arrays", () => {
  test("become tensors and come back", () => {
    const nested = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    const tensor = Tensor.from(nested);
    assert.equal(tensor.dtype, "float64");
    assert.deepEqual(tensor.shape, [2, 3]);
    assert.deepEqual(tensor.toNested(), nested);
  });

  test("are of any element type", () => {
    assert.deepEqual(Tensor.from([1n, -2n], "int64").data, BigInt64Array.of(1n, -2n));
    assert.deepEqual(Tensor.from([true, false], "bool").toNested(), [true, false]);
    assert.deepEqual(Tensor.from(2.5, "float32").toNested(), 2.5);
    assert.deepEqual(Tensor.from([[], []]).shape, [2, 0]);
    assert.deepEqual(Tensor.from([[], []]).toNested(), [[], []]);
  });

  test("hold only what an element can", () => {
    for (const value of [1.5, 2 ** 31, NaN]) {
      assert.throws(() => Tensor.from([value], "int32"), RangeError);
    }
    assert.throws(() => Tensor.from([2n ** 63n], "int64"), RangeError);
    assert.throws(() => Tensor.from([1n as unknown as number]), TypeError);
    assert.throws(() => Tensor.from([undefined as unknown as number]), TypeError);
    assert.throws(() => Tensor.from([1 as unknown as boolean], "bool"), TypeError);
    assert.throws(() => Tensor.from([1 as unknown as bigint], "int64"), TypeError);
  });

  test("must not be ragged", () => {
    for (const ragged of [
      [[1], [2, 3]],
      [[1], 2],
      [1, [2]],
    ]) {
      assert.throws(() => Tensor.from(ragged), RangeError);
    }
  });
});

test("ones and zeros are of any element type", () => {
  assert.deepEqual(Tensor.ones([2], "int64").data, BigInt64Array.of(1n, 1n));
  assert.deepEqual(Tensor.ones([2, 1], "bool").toNested(), [[true], [true]]);
  assert.deepEqual(Tensor.zeros([2]).data, new Float64Array(2));
});

describe("a malformed answer is an InternalError", () => {
  test("of too few bytes", () => {
    const short = create(TensorSchema, {
      dataType: DataType.FLOAT64,
      shape: [2n],
      data: new Uint8Array(4),
    });
    assert.throws(() => decodeTensor(short), InternalError);
  });

  test("of an element type that JavaScript has no array for", () => {
    const half = create(TensorSchema, {
      dataType: DataType.FLOAT16,
      shape: [1n],
      data: new Uint8Array(2),
    });
    assert.throws(() => decodeTensor(half), /float16/);
    const newer = fromBinary(TensorSchema, Uint8Array.of(0x08, 99));
    assert.throws(() => decodeTensor(newer), /99/);
  });
});
