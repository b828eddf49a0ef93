/** OpenTelemetry by its own instrumentation of gRPC, as the README has it. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { ScriptedServer, SESSION } from "./scripted-server.js";

const FOLDER = new URL("../telemetry/", import.meta.url);

const PROGRAM = `
import { Client } from "edunn-client";

const client = new Client(process.argv[2]);
await client.getSession("s1");
client.close();
`;

test("the README's recipe traces calls, and sends the trace's context along", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, recipe = ""] = /^```mjs\n(.*?)^```/ms.exec(readme) ?? [];
  await mkdir(FOLDER, { recursive: true });
  await writeFile(new URL("telemetry.mjs", FOLDER), recipe);
  await writeFile(new URL("program.mjs", FOLDER), PROGRAM);
  await using server = await ScriptedServer.start();
  server.script.set("getSession", [{ session: SESSION }]);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "./telemetry.mjs", "program.mjs", server.address],
    { cwd: fileURLToPath(FOLDER) },
  );
  assert.match(stdout, /grpc\.edunn_serving\.v1\.LayerService\/GetSession/);
  const [, traceId = "none"] = /traceId: '([0-9a-f]{32})'/.exec(stdout) ?? [];
  const [parent] = server.metadata[0]?.get("traceparent") ?? [];
  assert.match(String(parent), new RegExp(`^00-${traceId}-`));
});
