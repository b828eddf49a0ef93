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

/**
 * Returns the configuration as the Struct field of a message takes it.
 *
 * @throws TypeError where a value is nothing that JSON has
 */
export function encodeConfig(config: Config): JsonObject {
  return plainObject(config, "");
}

function plain(value: unknown, where: string): JsonValue {
  if (value === null) return null;
  switch (typeof value) {
    case "boolean":
    case "number":
    case "string":
      return value;
    case "object":
      if (Array.isArray(value)) {
        return value.map((item, i) => plain(item, `${where}[${String(i)}]`));
      }
      if (isPlainObject(value)) return plainObject(value, `${where}.`);
  }
  const kind = typeof value === "object" ? value.constructor.name : typeof value;
  throw new TypeError(
    `${where} cannot be of the type ${kind}: ` +
      "use numbers, strings, booleans, null, arrays and plain objects",
  );
}

function plainObject(value: object, prefix: string): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, plain(item, `${prefix}${name}`)]),
  );
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
