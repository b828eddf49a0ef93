/** A layer's configuration to and from protobuf's Struct, which is JSON. */

import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/** A value of a layer's configuration. */
export type ConfigValue =
  | null
  | boolean
  | number
  | string
  | readonly ConfigValue[]
  | { readonly [name: string]: ConfigValue };

/** A layer's configuration by field name, such as `{ p: 0.5 }`. */
export type Config = Readonly<Record<string, ConfigValue>>;

// The wire takes no message that is nested much deeper.
const DEEPEST_LAYERS = 32;
const LEVELS_OF_A_LAYER = 3; // The list, the layer in it, its configuration.

/**
 * Returns the configuration as the Struct field of a message takes it.
 *
 * @throws TypeError where a value is nothing that JSON has
 * @throws RangeError where layers are nested deeper than the wire allows
 */
export function encodeConfig(config: Config): JsonObject {
  return plainObject(config, "", 0);
}

function plain(value: unknown, where: string, depth: number): JsonValue {
  if (depth > DEEPEST_LAYERS * LEVELS_OF_A_LAYER) {
    throw new RangeError(
      `a configuration nests layers at most ${String(DEEPEST_LAYERS)} deep; this one goes on at ` +
        `${where.slice(0, 60)}...`,
    );
  }
  if (value === null) return null;
  switch (typeof value) {
    case "boolean":
    case "number":
    case "string":
      return value;
    case "object":
      if (Array.isArray(value)) {
        return value.map((item, i) => plain(item, `${where}[${String(i)}]`, depth + 1));
      }
      if (isPlainObject(value)) return plainObject(value, `${where}.`, depth);
  }
  const kind = typeof value === "object" ? value.constructor.name : typeof value;
  throw new TypeError(
    `${where} cannot be of the type ${kind}: ` +
      "use numbers, strings, booleans, null, arrays and plain objects",
  );
}

function plainObject(value: object, prefix: string, depth: number): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, plain(item, `${prefix}${name}`, depth + 1)]),
  );
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
