/** What is wrong with an address is said at once, with what to write instead. */

import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { describe, test } from "node:test";

import { Client, UnavailableError } from "edunn-client";

import { ScriptedServer } from "./scripted-server.js";

describe("an address that is none", () => {
  const bad: [unknown, RegExp][] = [
    ["", /an address is empty: write "host:port", such as "localhost:50051"/],
    ["localhost", /the address "localhost" has no port: write "localhost:50051"/],
    [":50051", /the address ":50051" has no host: write "host:port"/],
    ["http://localhost:1234/x", /not the URL "http:.*": write "localhost:1234"$/],
    ["https://example.org", /not the URL .*: write "example.org:50051", and `tls: true`/],
    ["grpc://localhost:1", /not the URL "grpc:\/\/localhost:1": write "localhost:1"/],
    ["localhost:http", /"localhost:http" is no host:port/],
    ["localhost:99999", /port of "localhost:99999" is not between 1 and 65535/],
    ["::1", /"::1" is no host:port: write "\[::1\]:50051"/],
    ["a:1,,b:2", /an address is empty \(in "a:1,,b:2"\)/],
    ["a:1,b", /the address "b" has no port \(in "a:1,b"\): write "b:50051"/],
    [50051, /an address is a string, not number/],
  ];
  for (const [address, sentence] of bad) {
    test(JSON.stringify(address), () => {
      assert.throws(() => new Client(address as string), { name: "TypeError", message: sentence });
    });
  }
});

test("the addresses of gRPC are addresses", () => {
  const good = ["localhost:1", "[::1]:1", "unix:/tmp/x", "dns:///localhost:1", "ipv4:127.0.0.1:1"];
  for (const address of [...good, "dns:1", " localhost:1 , 127.0.0.1:2"]) {
    const client = new Client(address);
    assert.equal(client.address, address);
    client.close();
  }
});

describe("a proxy of the environment", () => {
  async function withProxy(proxy: string, run: () => Promise<void>): Promise<void> {
    process.env["http_proxy"] = proxy;
    try {
      await run();
    } finally {
      delete process.env["http_proxy"];
    }
  }

  test("is gone round on this machine", () =>
    withProxy("http://127.0.0.1:1", async () => {
      await using server = await ScriptedServer.start();
      server.script.set("listLayerTypes", [{ layerTypes: [] }, { layerTypes: [] }]);
      for (const address of [server.address, server.address.replace("localhost", "127.0.0.1")]) {
        using client = new Client(address);
        assert.deepEqual(await client.listLayerTypes(), []);
      }
    }));

  test("that does not answer is named at once", () =>
    withProxy("http://127.0.0.1:1", async () => {
      using client = new Client("layers.example.org:443", { timeoutMs: Infinity });
      await assert.rejects(client.listLayerTypes(), {
        name: "UnavailableError",
        message:
          /layers.example.org:443 is called through the proxy 127.0.0.1:1 \(the variable http_proxy\): .*ECONNREFUSED.*; without the proxy: no_proxy=layers.example.org/,
      });
    }));

  test("that takes the connection and is silent is given up", async () => {
    const sockets: Socket[] = [];
    const silent: Server = createServer((socket) => sockets.push(socket.resume()));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };
    try {
      await withProxy(`http://127.0.0.1:${String(port)}`, async () => {
        using client = new Client("layers.example.org:443", { timeoutMs: Infinity });
        await assert.rejects(client.listLayerTypes(), /it has been silent for/);
      });
    } finally {
      silent.close();
      for (const socket of sockets) socket.destroy();
    }
  });
});

test("where nobody listens, the error says so after the time given", async () => {
  using client = new Client("127.0.0.1:1", { timeoutMs: 300 });
  const sentence = /no connection to 127\.0\.0\.1:1 in \d+ ms: connect ECONNREFUSED 127\.0\.0\.1:1/;
  await assert.rejects(client.listLayerTypes(), (error: unknown) => {
    assert.ok(error instanceof UnavailableError);
    assert.equal(error.reason, "UNAVAILABLE");
    assert.match(error.message, sentence);
    return true;
  });
  await using stream = client.stream({ timeoutMs: 200 });
  const layer = { state: { beginForward: () => ({ request: {}, decode: () => undefined }) } };
  await assert.rejects(stream.forward(layer as never, [] as never), UnavailableError);
});

test("a host that no resolver knows is told at once", async () => {
  using client = new Client("no-such-host.invalid:1", { timeoutMs: Infinity });
  await assert.rejects(client.listLayerTypes(), /the host of no-such-host\.invalid:1 is not known/);
});
