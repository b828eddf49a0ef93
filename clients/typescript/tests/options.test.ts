/** What a client may be told, by its options or by the environment. */

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import type { Metadata } from "@grpc/grpc-js";
import {
  Channel,
  credentials,
  type Interceptor,
  InterceptingCall,
  ServerCredentials,
} from "@grpc/grpc-js";
import { Client, InvalidArgumentError, Tensor, VERSION } from "edunn-client";

import { ByteProxy } from "./byte-proxy.js";
import { makeCertificate } from "./certificate.js";
import { Log } from "./log.js";
import { forwarded, ScriptedServer, SESSION, status } from "./scripted-server.js";

const answer = { layerTypes: [] };

async function withServer(run: (server: ScriptedServer) => Promise<void>): Promise<void> {
  await using server = await ScriptedServer.start();
  server.script.set(
    "listLayerTypes",
    Array.from({ length: 4 }, () => answer),
  );
  await run(server);
}

/** Runs something with variables in the environment, which are gone after it. */
async function inEnvironment(
  variables: Readonly<Record<string, string>>,
  run: () => Promise<void>,
): Promise<void> {
  Object.assign(process.env, variables);
  try {
    await run();
  } finally {
    for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
  }
}

describe("from the environment", () => {
  const pair = makeCertificate();
  const skip = pair === undefined && "openssl is not on this machine";
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "edunn-environment-"));
    await writeFile(join(folder, "certificate.pem"), pair?.certificate ?? "");
    await writeFile(join(folder, "key.pem"), pair?.key ?? "");
  });
  after(() => rm(folder, { recursive: true }));

  test("come the address and the token", () =>
    withServer((server) =>
      inEnvironment({ EDUNN_TARGET: server.address, EDUNN_TOKEN: "red" }, async () => {
        using client = new Client();
        await client.listLayerTypes();
        assert.equal(client.address, server.address);
        assert.deepEqual(server.metadata[0]?.get("authorization"), ["Bearer red"]);
        using other = new Client({ token: "blue" });
        await other.listLayerTypes();
        assert.deepEqual(server.metadata[1]?.get("authorization"), ["Bearer blue"]);
      }),
    ));

  test("comes nothing where the program says it", () =>
    withServer((server) =>
      inEnvironment({ EDUNN_TARGET: "nowhere:1", EDUNN_CA: "/no/such/file" }, async () => {
        using client = new Client(server.address, { tls: false });
        assert.deepEqual(await client.listLayerTypes(), []);
      }),
    ));

  test("come the authority, and the client's certificate and key", { skip }, async () => {
    const { certificate, key } = pair ?? { certificate: "", key: "" };
    const pairs = [{ cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) }];
    const asking = ServerCredentials.createSsl(Buffer.from(certificate), pairs, true);
    await using server = await ScriptedServer.start(asking);
    server.script.set("listLayerTypes", [answer]);
    const files = {
      EDUNN_CA: join(folder, "certificate.pem"),
      EDUNN_CERTIFICATE: join(folder, "certificate.pem"),
      EDUNN_KEY: join(folder, "key.pem"),
    };
    await inEnvironment(files, async () => {
      using client = new Client(server.address);
      assert.deepEqual(await client.listLayerTypes(), []);
    });
  });

  test("comes a sentence where something is wrong with it", () =>
    inEnvironment({ EDUNN_TARGET: "" }, async () => {
      assert.throws(() => new Client(), /no address: .* or EDUNN_TARGET in the environment/);
      await inEnvironment({ EDUNN_CA: "/no/such/file" }, () => {
        const sentence = /EDUNN_CA names a file that cannot be read: \/no\/such\/file/;
        assert.throws(() => new Client("localhost:1"), sentence);
        return Promise.resolve();
      });
    }));
});

describe("a token provider", () => {
  test("is asked for each attempt, also of a repetition", () =>
    withServer(async (server) => {
      server.script.set("listLayerTypes", [status("UNAVAILABLE"), answer, answer]);
      let count = 0;
      const token = (): Promise<string> => Promise.resolve(`token-${String(++count)}`);
      using client = new Client(server.address, { token, retry: { firstPauseMs: 1 } });
      await client.listLayerTypes();
      await client.listLayerTypes();
      const shown = server.metadata.flatMap((metadata) => metadata.get("authorization"));
      assert.deepEqual(shown, ["Bearer token-1", "Bearer token-2", "Bearer token-3"]);
    }));

  test("that fails fails the call, with its own error", () =>
    withServer(async (server) => {
      const token = (): string => {
        throw new Error("no login");
      };
      using client = new Client(server.address, { token });
      await assert.rejects(client.listLayerTypes(), /no login/);
      assert.equal(server.seen.size, 0);
    }));
});

test("a token that no header can have is refused, and the error does not show it", () =>
  withServer(async (server) => {
    for (const token of ["secret\n", "sécret"]) {
      const isRefusal = (error: unknown): boolean => {
        assert.ok(error instanceof InvalidArgumentError);
        assert.match(error.message, /the token has characters that no header may have/);
        return !error.message.includes("cret");
      };
      assert.throws(() => new Client(server.address, { token }), isRefusal);
      using client = new Client(server.address, { token: () => token });
      await assert.rejects(client.listLayerTypes(), isRefusal);
    }
    assert.equal(server.seen.size, 0);
  }));

test("headers travel with every call, with one call, and with a stream", () =>
  withServer(async (server) => {
    const opened: Metadata[] = [];
    server.compute = (call) => {
      opened.push(call.metadata);
      call.on("data", () => call.end());
    };
    server.script.set("createSession", [{ session: SESSION }]);
    using client = new Client(server.address, {
      metadata: { course: "nn", "trace-bin": bytes(7) },
    });
    await client.listLayerTypes({ metadata: { course: "other" } });
    await client.listLayerTypes();
    const layer = (await client.createSession()).layer("l1");
    const stream = client.stream({ metadata: { lesson: "3" } });
    await assert.rejects(stream.forward(layer, Tensor.ones([1])));
    const courses = server.metadata.flatMap((metadata) => metadata.get("course"));
    assert.deepEqual(courses, ["other", "nn", "nn"]);
    assert.deepEqual(server.metadata[0]?.get("trace-bin"), [Buffer.from(bytes(7))]);
    assert.deepEqual(opened[0]?.get("lesson"), ["3"]);
    assert.deepEqual(opened[0].get("course"), ["nn"]);
    assert.throws(() => new Client("localhost:1", { metadata: { "a b": "c" } }), /header "a b"/);
  }));

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

test("gRPC's interceptors see every attempt", () =>
  withServer(async (server) => {
    server.script.set("listLayerTypes", [status("UNAVAILABLE"), answer]);
    const seen: string[] = [];
    const interceptor: Interceptor = (options, nextCall) => {
      seen.push(options.method_definition.path);
      return new InterceptingCall(nextCall(options), {
        start: (metadata, listener, next) => {
          metadata.set("intercepted", "yes");
          next(metadata, listener);
        },
      });
    };
    const interceptors = [interceptor];
    using client = new Client(server.address, { interceptors, retry: { firstPauseMs: 1 } });
    await client.listLayerTypes();
    const path = "/edunn_serving.v1.LayerService/ListLayerTypes";
    assert.deepEqual(seen, [path, path]);
    assert.deepEqual(server.metadata[1]?.get("intercepted"), ["yes"]);
  }));

test("a channel of the caller's own is used, and left open", () =>
  withServer(async (server) => {
    const channel = new Channel(server.address, credentials.createInsecure(), {});
    const client = new Client({ channel });
    await client.listLayerTypes();
    client.close();
    using second = new Client("the same", { channel });
    await second.listLayerTypes();
    assert.deepEqual([client.address, second.address], [`dns:${server.address}`, "the same"]);
    channel.close();
  }));

test("the user agent and VERSION tell this package's version", () =>
  withServer(async (server) => {
    const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
    assert.equal(VERSION, (JSON.parse(manifest) as { version: string }).version);
    using client = new Client(server.address);
    await client.listLayerTypes();
    const [agent = ""] = server.metadata[0]?.get("user-agent") ?? [];
    assert.match(String(agent), new RegExp(`^edunn-typescript/${VERSION} grpc-node-js/`));
  }));

test("requests are compressed where that is asked for", () =>
  withServer(async (server) => {
    const sent: number[] = [];
    for (const compression of ["gzip", undefined] as const) {
      await using proxy = await ByteProxy.start(server.address);
      using client = new Client(proxy.address, { compression });
      server.script.set("createSession", [{ session: SESSION }]);
      server.script.set("forward", [forwarded]);
      const layer = (await client.createSession()).layer("l1");
      const output = await layer.forward(Tensor.zeros([10_000]));
      assert.deepEqual(output.data, new Float64Array(10_000));
      sent.push(proxy.bytesFromClients);
    }
    const [compressed = NaN, plain = NaN] = sent;
    assert.ok(compressed < plain / 10, sent.join());
  }));

describe("a logger", () => {
  test("is told of each retry, and of a call that was slow", () =>
    withServer(async (server) => {
      server.script.set("listLayerTypes", [status("UNAVAILABLE", { message: "away" }), answer]);
      const logger = new Log();
      const retry = { firstPauseMs: 1 };
      using client = new Client(server.address, { logger, retry, slowCallMs: 0 });
      await client.listLayerTypes();
      await logger.line(/^ListLayerTypes is tried again in \d+ ms: UNAVAILABLE: away$/);
      await logger.line(/^warning: ListLayerTypes took \d+ ms, in 2 attempts$/);
    }));

  test("is given a slowness that is a number", () => {
    assert.throws(() => new Client("localhost:1", { slowCallMs: NaN }), RangeError);
    assert.throws(() => new Client("localhost:1", { slowCallMs: -1 }), RangeError);
  });

  test("may be the console", () => {
    new Client("localhost:1", { logger: console }).close();
  });
});
