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

// The contract's limit, because many protobuf libraries read no message that is nested deeper. A
// layer within a layer takes eight messages: an object puts three around each of its values, a list
// puts two around each of its own.
const DEEPEST_LAYERS = 10;
const MESSAGES_OF_AN_OBJECT = 3;
const MESSAGES_OF_A_LIST = 2;
const MOST_MESSAGES = 8 * DEEPEST_LAYERS + 4;

/**
 * Returns the configuration as the Struct field of a message takes it.
 *
 * @throws TypeError where a value is nothing that JSON has
 * @throws RangeError where layers are nested deeper than the wire allows
 */
export function encodeConfig(config: Config): JsonObject {
  return plainObject(config, "", MOST_MESSAGES);
}

function plain(value: unknown, where: string, left: number): JsonValue {
  if (left < 0) {
    throw new RangeError(
      `a configuration may have at most ${String(DEEPEST_LAYERS)} layers within each other; ` +
        `this one goes on at ${where.slice(0, 60)}...`,
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
        return value.map((item, i) =>
          plain(item, `${where}[${String(i)}]`, left - MESSAGES_OF_A_LIST),
        );
      }
      if (isPlainObject(value)) return plainObject(value, `${where}.`, left);
  }
  const kind = typeof value === "object" ? value.constructor.name : typeof value;
  throw new TypeError(
    `${where} cannot be of the type ${kind}: ` +
      "use numbers, strings, booleans, null, arrays and plain objects",
  );
}

function plainObject(value: object, prefix: string, left: number): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      plain(item, `${prefix}${name}`, left - MESSAGES_OF_AN_OBJECT),
    ]),
  );
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
