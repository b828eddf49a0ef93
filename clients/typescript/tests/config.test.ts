import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Config } from "edunn-client";

import { createSession } from "#dist/calls.js";
import { encodeConfig } from "#dist/config.js";

test("a configuration is what JSON has", () => {
  const config = { p: 0.5, bias: true, name: "x", none: null, sizes: [1, [2]], inner: { a: 1 } };
  assert.deepEqual(encodeConfig(config), config);
});

describe("another value is refused, and named", () => {
  const bad: [string, unknown][] = [
    ["p", undefined],
    ["p", 1n],
    ["p", () => 1],
    ["p", new Float64Array(1)],
    ["p", new Map()],
  ];
  for (const [name, value] of bad) {
    test(Object.prototype.toString.call(value), () => {
      assert.throws(() => encodeConfig({ [name]: value } as Config), /^TypeError: p cannot be/);
    });
  }

  test("inside others", () => {
    const config = { layers: [{ config: { p: 1n } }] } as unknown as Config;
    assert.throws(
      () => encodeConfig(config),
      /layers\[0\]\.config\.p cannot be of the type bigint/,
    );
  });
});

describe("a configuration that is nested", () => {
  function nested(depth: number): Config {
    let layer: Config = { name: "inmost", type: "ReLU", config: {} };
    for (let i = 1; i < depth; i++) {
      layer = { name: "l", type: "Sequential", config: { layers: [layer] } };
    }
    return { layers: [layer] };
  }

  test("goes as deep as the contract allows", () => {
    assert.deepEqual(encodeConfig(nested(10)), nested(10));
  });

  test("deeper, or in itself, is refused in a sentence", () => {
    const endless: Record<string, unknown> = {};
    endless["layers"] = [endless];
    for (const config of [nested(11), endless as Config]) {
      assert.throws(
        () => encodeConfig(config),
        /^RangeError: .* at most 10 layers within each other/,
      );
    }
  });
});

test("a seed has 64 bits without sign", () => {
  for (const seed of [-1, 2n ** 64n, 1.5, 2 ** 53]) {
    assert.throws(() => createSession({ seed }), RangeError);
  }
  assert.ok(createSession({ seed: 2n ** 64n - 1n }).request.length > 0);
});

test("a ttl is a finite number of seconds", () => {
  for (const ttlSeconds of [NaN, Infinity, -1, 1e300]) {
    assert.throws(() => createSession({ ttlSeconds }), RangeError);
  }
});

test("a phase is training or test", () => {
  assert.throws(() => createSession({ phase: "Training" as "training" }), TypeError);
});
