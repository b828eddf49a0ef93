/** Tensors as the conformance files write them. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { type AnyTensor, type DType, Tensor } from "edunn-client";

/** A tensor in a conformance file; an expected one may have `sha256` in place of `data`. */
export interface TensorJson {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data?: readonly (number | boolean | string)[];
  readonly sha256?: string;
}

/** Reads JSON with integers of 16 digits or more as strings, as a number would round them. */
export function readJson(path: URL): unknown {
  const text = readFileSync(path, "utf8");
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  return JSON.parse(
    text.replace(tokens, (token) => (/^-?\d{16,}$/.test(token) ? `"${token}"` : token)),
  );
}

/** Returns the tensor that a file describes. */
export function tensorOf({ dtype, shape, data = [] }: TensorJson): AnyTensor {
  switch (dtype) {
    case "bool":
      return Tensor.bool(Uint8Array.from(data, Number), shape);
    case "int32":
      return new Tensor(Int32Array.from(data, Number), shape);
    case "int64":
      return new Tensor(
        BigInt64Array.from(data, (value) => BigInt(value)),
        shape,
      );
    case "float32":
      return new Tensor(Float32Array.from(data, Number), shape);
    case "float64":
      return new Tensor(Float64Array.from(data, Number), shape);
    default:
      throw new Error(`unknown dtype ${String(dtype)}`);
  }
}

/** Returns the tensors that a file describes by name. */
export function tensorsOf(values: Readonly<Record<string, TensorJson>>): Record<string, AnyTensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tensorOf(value)]));
}

/** Fails unless a tensor is as expected, within the tolerances of the conformance README. */
export function assertTensor(got: Tensor | undefined, expected: TensorJson, what: string): void {
  assert.ok(got, `${what} is missing`);
  assert.equal(got.dtype, expected.dtype, `${what}: dtype`);
  assert.deepEqual(got.shape, expected.shape, `${what}: shape`);
  if (expected.sha256 !== undefined) {
    assert.equal(sha256([got]), expected.sha256, `${what}: sha256`);
    return;
  }
  const wanted = tensorOf(expected);
  const [absolute, relative] = TOLERANCES[expected.dtype];
  got.data.forEach((value, i) => {
    const goal = wanted.data[i];
    const distance = Math.abs(Number(value) - Number(goal));
    const close = distance <= absolute + relative * Math.abs(Number(goal));
    assert.ok(
      close || Object.is(value, goal),
      `${what}[${String(i)}] is ${String(value)}, not ${String(goal)}`,
    );
  });
}

/** Fails unless the tensors have exactly the names expected, and are as expected. */
export function assertTensors(
  got: Readonly<Record<string, Tensor>>,
  expected: Readonly<Record<string, TensorJson>>,
  what: string,
): void {
  assert.deepEqual(Object.keys(got).sort(), Object.keys(expected).sort(), `${what}: names`);
  for (const [name, value] of Object.entries(expected)) {
    assertTensor(got[name], value, `${what}.${name}`);
  }
}

/** Returns the digest, in hex, of the tensors' bytes one after the other. */
export function sha256(tensors: readonly Tensor[]): string {
  const hash = createHash("sha256");
  for (const { data } of tensors) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

const TOLERANCES: Readonly<Record<DType, readonly [number, number]>> = {
  bool: [-1, 0],
  int32: [-1, 0],
  int64: [-1, 0],
  float32: [1e-6, 1e-5],
  float64: [1e-11, 1e-9],
};
