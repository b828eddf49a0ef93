import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import { CancelledError, Client, EdunnError, type FloatTensor, Tensor } from "edunn-client";

import { Log } from "./log.js";
import { type Answer, forwarded, ScriptedServer, SESSION, status } from "./scripted-server.js";

const never = (): Promise<never> => new Promise(() => undefined);

async function failureOf(call: Promise<unknown>): Promise<EdunnError> {
  const failure: unknown = await call.catch((error: unknown) => error);
  assert.ok(failure instanceof EdunnError);
  return failure;
}

test("a signal cancels a call under way", async () => {
  await using server = await ScriptedServer.start();
  using client = new Client(server.address);
  server.script.set("getSession", [never]);
  const controller = new AbortController();
  const call = failureOf(client.getSession("s1", { signal: controller.signal }));
  await server.waitFor("getSession", 1);
  const reason = new Error("enough");
  controller.abort(reason);
  const failure = await call;
  assert.ok(failure instanceof CancelledError);
  assert.equal(failure.code, "CANCELLED");
  assert.equal(failure.cause, reason);
});

test("a signal cancels the pause before a repetition", async () => {
  await using server = await ScriptedServer.start();
  using client = new Client(server.address);
  server.script.set("getSession", [status("RESOURCE_EXHAUSTED", { retryDelayMs: 20_000 })]);
  const controller = new AbortController();
  const begin = performance.now();
  const call = failureOf(client.getSession("s1", { signal: controller.signal }));
  await server.waitFor("getSession", 1);
  setTimeout(() => {
    controller.abort();
  }, 50);
  assert.ok((await call) instanceof CancelledError);
  assert.ok(performance.now() - begin < 10_000);
});

test("a signal aborted before cancels a call that is not sent", async () => {
  await using server = await ScriptedServer.start();
  using client = new Client(server.address);
  const failure = await failureOf(client.getSession("s1", { signal: AbortSignal.abort() }));
  assert.ok(failure instanceof CancelledError);
  assert.equal(server.requests("getSession").length, 0);
});

test("a signal aborted before is looked at before anything is encoded, or takes a name", async () => {
  await using server = await ScriptedServer.start();
  using client = new Client(server.address);
  server.script.set("createSession", [{ session: SESSION }]);
  const layer = (await client.createSession()).layer("l1");
  const signal = AbortSignal.abort();
  const notATensor = {} as unknown as FloatTensor;
  for (const call of [
    layer.forward(notATensor, { signal }),
    layer.backward(notATensor, { signal }),
  ]) {
    assert.equal((await failureOf(call)).code, "CANCELLED");
  }
  await failureOf(layer.forward(Tensor.from([1]), { signal }));
  server.script.set("forward", [forwarded]);
  assert.equal((await layer.forward(Tensor.from([1]))).forwardId, "c1");
});

test("what is cancelled is an AbortError, as everywhere in JavaScript", async () => {
  await using server = await ScriptedServer.start();
  using client = new Client(server.address);
  server.script.set("getSession", [never]);
  const failure = await failureOf(client.getSession("s1", { signal: AbortSignal.timeout(1) }));
  assert.deepEqual([failure.name, failure.reason], ["AbortError", "CANCELLED"]);
  assert.equal((failure.cause as Error).name, "TimeoutError");
});

test("a signal cancels the wait for a connection", async () => {
  const log = new Log();
  using client = new Client("127.0.0.1:1", { logger: log });
  const controller = new AbortController();
  const calls = [
    failureOf(client.getSession("s1", { signal: controller.signal, timeoutMs: Infinity })),
  ];
  await log.line(/no connection/);
  controller.abort();
  for (const call of calls) assert.ok((await call) instanceof CancelledError);
});

test("a signal is followed by many calls, and by none once they have ended", async () => {
  await using server = await ScriptedServer.start();
  using client = new Client(server.address);
  server.script.set("getSession", Array<Answer>(20).fill({ session: SESSION }));
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on("warning", note);
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 20 }, () => client.getSession("s1", { signal })));
  process.off("warning", note);
  assert.deepEqual(warnings, []);
  assert.deepEqual(getEventListeners(signal, "abort"), []);
});

test("closing the client cancels calls under way, and refuses more", async () => {
  await using server = await ScriptedServer.start();
  const client = new Client(server.address);
  server.script.set("getSession", [never]);
  const call = failureOf(client.getSession("s1"));
  await server.waitFor("getSession", 1);
  client.close();
  const failure = await call;
  assert.equal(failure.code, "CANCELLED");
  assert.match(failure.message, /closed/);
  await assert.rejects(client.getSession("s1"), TypeError);
});
