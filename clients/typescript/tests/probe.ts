/**
 * The program that the tests across all clients run: `probe sessions N`, `probe bench SECONDS`,
 * `probe numbers N`.
 *
 * See clients/conformance/README.md. `EDUNN_TARGET` says where the service is.
 */

import assert from "node:assert/strict";

import { Client, type Layer, type Output, Tensor } from "edunn-client";

import { printNumbers } from "./numbers.js";
import { sha256 } from "./tensor-json.js";

const FORWARDS = 3;
const CALLERS = 64;
/** As long as a call of `numbers` waits for a service that is killed meanwhile. */
const PATIENCE_MS = 120_000;

async function main(command: string | undefined, argument: string | undefined): Promise<void> {
  const count = Number(argument);
  if (!["sessions", "bench", "numbers"].includes(command ?? "") || !(count > 0)) {
    throw new Error("usage: probe sessions N | probe bench SECONDS | probe numbers N");
  }
  using client = new Client(process.env["EDUNN_TARGET"] ?? "localhost:50051", {
    shareStream: process.env["EDUNN_SHARE_STREAM"] === "1",
    timeoutMs: PATIENCE_MS,
  });
  if (command === "sessions") {
    const seeds = Array.from({ length: count }, (_, i) => i);
    await Promise.all(seeds.map((seed) => probeSession(client, seed)));
  } else if (command === "numbers") {
    await printNumbers(client, count);
  } else {
    console.log(JSON.stringify(await bench(client, count * 1000)));
  }
}

/** Prints the digest of the masks of a session with that seed. */
async function probeSession(client: Client, seed: number): Promise<void> {
  await using session = await client.createSession({ seed });
  const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
  const ones = Tensor.ones([16, 64]);
  const outputs: Output[] = [];
  for (let i = 0; i < FORWARDS; i++) {
    const output = await drop.forward(ones);
    const { inputGradient } = await drop.backward(ones);
    assert.deepEqual(inputGradient.data, output.data);
    outputs.push(output);
  }
  console.log(JSON.stringify({ seed, sha256: sha256(outputs) }));
}

/** Returns the latency and the throughput of an 8x64 forward, each measured for so long. */
async function bench(client: Client, forMs: number): Promise<Record<string, number>> {
  await using session = await client.createSession({ seed: 1n });
  const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
  await callUntil(drop, performance.now() + forMs / 4);

  const alone = await callUntil(drop, performance.now() + forMs);
  return {
    p50_ms: median(alone),
    unary_per_second: await rate(forMs, (until) => callAtOnceUntil(drop, until)),
    stream_per_second: await rate(forMs, (until) => streamUntil(client, drop, until)),
  };
}

const INPUT = Tensor.ones([8, 64]);

async function callUntil(drop: Layer, end: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let begin = performance.now(); begin < end;) {
    await drop.forward(INPUT);
    const now = performance.now();
    latencies.push(now - begin);
    begin = now;
  }
  return latencies;
}

async function callAtOnceUntil(drop: Layer, end: number): Promise<number> {
  const callers = Array.from({ length: CALLERS }, () => callUntil(drop, end));
  return (await Promise.all(callers)).reduce((sum, latencies) => sum + latencies.length, 0);
}

async function streamUntil(client: Client, drop: Layer, end: number): Promise<number> {
  let count = 0;
  await using stream = client.stream({ inFlight: CALLERS });
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      await stream.forward(drop, INPUT);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return count;
}

async function rate(forMs: number, run: (until: number) => Promise<number>): Promise<number> {
  const begin = performance.now();
  const count = await run(begin + forMs);
  return count / ((performance.now() - begin) / 1000);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

await main(process.argv[2], process.argv[3]);
