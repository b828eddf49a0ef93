/** Tensors: a typed array of elements in C order, and a shape. */

import { INSPECT, type Inspect, type InspectOptions } from "./inspection.js";

/** The type of a tensor's elements. */
export type DType = "bool" | "int32" | "int64" | "float32" | "float64";

interface Arrays {
  bool: Uint8Array;
  int32: Int32Array;
  int64: BigInt64Array;
  float32: Float32Array;
  float64: Float64Array;
}

/** The typed array that holds elements of a type. Booleans are bytes, 0 or 1. */
export type ArrayOf<D extends DType> = Arrays[D];

/** The typed arrays that hold a tensor's elements. */
export type TensorArray = ArrayOf<DType>;

/** The typed arrays that layers compute with. */
export type FloatArray = Float32Array | Float64Array;

/** The element type that a typed array stands for. */
export type DTypeOf<A extends TensorArray> = A extends Float64Array
  ? "float64"
  : A extends Float32Array
    ? "float32"
    : A extends Int32Array
      ? "int32"
      : A extends BigInt64Array
        ? "int64"
        : "bool";

/** An element as JavaScript writes it: a bigint of int64, a boolean of bool, else a number. */
export type ElementOf<D extends DType> = D extends "int64"
  ? bigint
  : D extends "bool"
    ? boolean
    : number;

/** Elements in nested arrays, one depth for each axis; a scalar without any. */
export type Nested<Element> = Element | readonly Nested<Element>[];

/**
 * An array of any rank.
 *
 * ```ts
 * const x = new Tensor(new Float32Array(20), [2, 10]);
 * const y = Tensor.from([[1, 2], [3, 4]]); // float64
 * ```
 *
 * The element type follows from the typed array; nothing is cast. The array is not copied, so what
 * is written into `data` is in the tensor.
 */
export class Tensor<A extends TensorArray = TensorArray> {
  /** The type of the elements. */
  readonly dtype: DTypeOf<A>;
  /** The elements in C order: the last axis runs fastest. */
  readonly data: A;
  /** The size of each axis, outermost first; empty for a scalar. */
  readonly shape: readonly number[];

  /**
   * Takes a typed array and the shape that its elements are in.
   *
   * @param data - a `Float64Array`, `Float32Array`, `Int32Array` or `BigInt64Array`; bytes could be
   * anything, so booleans are made by {@link Tensor.bool}
   * @param shape - the size of each axis; left out, one axis
   * @throws RangeError where the shape does not hold as many elements as there are
   * @throws TypeError for another kind of array, which no element type of the service has
   */
  constructor(data: A extends Uint8Array ? never : A, shape?: readonly number[]);
  /** @internal */
  constructor(data: A, shape: readonly number[], dtype: DType);
  constructor(data: A, shape: readonly number[] = [data.length], dtype?: DType) {
    this.dtype = (dtype ?? dtypeOf(data)) as DTypeOf<A>;
    this.data = data;
    this.shape = Object.freeze([...shape]);
    const size = sizeOf(this.shape);
    if (size !== data.length) {
      throw new RangeError(
        `the shape [${this.shape.join(", ")}] has ${String(size)} elements, ` +
          `but ${String(data.length)} were given`,
      );
    }
  }

  /** How many elements there are. */
  get size(): number {
    return this.data.length;
  }

  /**
   * Makes a tensor of nested arrays (or of one number, for a scalar), by default of float64.
   *
   * @throws RangeError where the arrays are ragged, or an integer does not fit
   * @throws TypeError where an element is of another sort
   */
  static from<D extends DType = "float64">(
    values: Nested<ElementOf<D>>,
    dtype: D = "float64" as D,
  ): Tensor<ArrayOf<D>> {
    const shape = shapeOf(values);
    const data = newArray(dtype, sizeOf(shape));
    fill(values, shape, data, ELEMENTS[dtype]);
    return new Tensor<ArrayOf<D>>(data, shape, dtype);
  }

  /**
   * Makes a tensor of booleans.
   *
   * @param data - a byte for each element, 0 or 1; not copied
   * @param shape - the size of each axis; left out, one axis
   * @throws RangeError for another byte, or where the shape does not fit
   */
  static bool(data: Uint8Array, shape: readonly number[] = [data.length]): Tensor<Uint8Array> {
    for (const byte of data) {
      if (byte > 1) throw new RangeError(`a boolean is 0 or 1, not ${String(byte)}`);
    }
    return new Tensor(data, shape, "bool");
  }

  /** Makes a tensor whose elements are all 0, by default of float64. */
  static zeros<D extends DType = "float64">(
    shape: readonly number[],
    dtype: D = "float64" as D,
  ): Tensor<ArrayOf<D>> {
    const data = newArray(dtype, sizeOf(shape));
    return new Tensor<ArrayOf<D>>(data, shape, dtype);
  }

  /** Makes a tensor whose elements are all 1, by default of float64. */
  static ones<D extends DType = "float64">(
    shape: readonly number[],
    dtype: D = "float64" as D,
  ): Tensor<ArrayOf<D>> {
    const tensor = Tensor.zeros<D>(shape, dtype);
    const data: TensorArray = tensor.data;
    if (data instanceof BigInt64Array) data.fill(1n);
    else data.fill(1);
    return tensor;
  }

  /** Returns the elements in nested arrays; a scalar as itself. */
  toNested(): Nested<ElementOf<DTypeOf<A>>> {
    type Element = ElementOf<DTypeOf<A>>;
    const isBool = this.dtype === "bool";
    const take = (axis: number, offset: number, stride: number): Nested<Element> => {
      const length = this.shape[axis];
      if (length === undefined) {
        const element = this.data[offset];
        return (isBool ? element === 1 : element) as Element;
      }
      const step = length === 0 ? 0 : stride / length;
      return Array.from({ length }, (_, i) => take(axis + 1, offset + i * step, step));
    };
    return take(0, 0, this.size);
  }

  /** Returns `Tensor(float64 [2, 10])`. */
  toString(): string {
    return `${this.constructor.name}(${this.describe()})`;
  }

  /**
   * Returns what JSON can say of it: `dtype`, `shape`, and the elements in C order. int64 is in
   * decimal strings, and so are NaN and the infinities.
   */
  toJSON(): { dtype: DType; shape: readonly number[]; data: readonly unknown[] } {
    const { dtype, shape, data } = this;
    return { dtype, shape, data: Array.from(data as ArrayLike<number | bigint>, jsonElement) };
  }

  /** @internal */
  [INSPECT](_depth: number, options: InspectOptions, inspect: Inspect): string {
    const few = this.size <= LARGEST_NESTED;
    const shown = few ? this.toNested() : this.data.subarray(0, LARGEST_NESTED);
    const more = few ? "" : ` and ${String(this.size - LARGEST_NESTED)} more`;
    return `${this.toString()} ${inspect(shown, options)}${more}`;
  }

  /** @internal What stands in its parentheses. */
  protected describe(): string {
    return `${this.dtype} [${this.shape.join(", ")}]`;
  }
}

// Beyond it a tensor is printed by its first elements.
const LARGEST_NESTED = 100;

function jsonElement(element: number | bigint): unknown {
  return typeof element === "bigint" || !Number.isFinite(element) ? String(element) : element;
}

/** A tensor of numbers that a layer can compute with. */
export type FloatTensor = Tensor<FloatArray>;

/** Any tensor, told apart by its `dtype`. */
export type AnyTensor = { [D in DType]: Tensor<ArrayOf<D>> }[DType];

type Writable = Record<number, number | bigint>;

function dtypeOf(data: unknown): DType {
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof BigInt64Array) return "int64";
  const name = Object.prototype.toString.call(data).slice(8, -1);
  throw new TypeError(
    `a tensor cannot be made of ${name}: use Float64Array, Float32Array, Int32Array or ` +
      "BigInt64Array, Tensor.bool for booleans, Tensor.from for nested arrays",
  );
}

function newArray<D extends DType>(dtype: D, size: number): ArrayOf<D> {
  const make: { [K in DType]: () => ArrayOf<K> } = {
    bool: () => new Uint8Array(size),
    int32: () => new Int32Array(size),
    int64: () => new BigInt64Array(size),
    float32: () => new Float32Array(size),
    float64: () => new Float64Array(size),
  };
  return make[dtype]();
}

function sizeOf(shape: readonly number[]): number {
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new RangeError(`a shape has whole numbers from 0 on, not [${shape.join(", ")}]`);
    }
  }
  return shape.reduce((size, length) => size * length, 1);
}

function shapeOf(values: unknown): number[] {
  const shape: number[] = [];
  for (let inner = values; Array.isArray(inner); inner = inner[0]) {
    shape.push(inner.length);
  }
  return shape;
}

/** Writes nested values into `data` from `offset` on, and returns the offset after them. */
function fill(
  values: unknown,
  shape: readonly number[],
  data: Writable,
  element: (value: unknown) => number | bigint,
  offset = 0,
  axis = 0,
): number {
  const length = shape[axis];
  if (length === undefined) {
    if (Array.isArray(values)) throw ragged(shape);
    data[offset] = element(values);
    return offset + 1;
  }
  if (!Array.isArray(values) || values.length !== length) throw ragged(shape);
  let next = offset;
  for (const value of values as unknown[]) {
    next = fill(value, shape, data, element, next, axis + 1);
  }
  return next;
}

const number = (value: unknown): number => {
  if (typeof value === "number") return value;
  throw new TypeError(`an element is a number, not ${String(value)}`);
};

/** What each array would silently turn into another value is refused. */
const ELEMENTS: Readonly<Record<DType, (value: unknown) => number | bigint>> = {
  bool: (value) => {
    if (typeof value === "boolean") return Number(value);
    throw new TypeError(`an element of bool is true or false, not ${String(value)}`);
  },
  int32: (value) => {
    if ((number(value) | 0) === value) return value;
    throw new RangeError(`${String(value)} is no 32-bit integer`);
  },
  int64: (value) => {
    if (typeof value !== "bigint") {
      throw new TypeError(`an element of int64 is a bigint, not ${String(value)}`);
    }
    if (BigInt.asIntN(64, value) === value) return value;
    throw new RangeError(`${String(value)} is no 64-bit integer`);
  },
  float32: number,
  float64: number,
};

function ragged(shape: readonly number[]): RangeError {
  return new RangeError(`the nested arrays do not all have the shape [${shape.join(", ")}]`);
}
