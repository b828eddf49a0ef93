import assert from "node:assert/strict";
import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";

import { ServerCredentials } from "@grpc/grpc-js";
import { Client, type TlsOptions, UnavailableError } from "edunn-client";

import { makeCertificate } from "./certificate.js";
import { ScriptedServer } from "./scripted-server.js";

const pair = makeCertificate();
if (pair === undefined && process.env["CI"] === "true") {
  throw new Error("openssl is not on this machine, and CI must test TLS");
}
const { certificate, key } = pair ?? { certificate: "", key: "" };
const skip = pair === undefined && "openssl is not on this machine";

test("what is no certificate in PEM is told when the client is made", () => {
  for (const tls of [{ ca: "nonsense" }, { certificate: "nonsense", key: "nonsense" }]) {
    assert.throws(
      () => new Client("localhost:1", { tls }),
      /no (CERTIFICATE|PRIVATE KEY) in PEM format/,
    );
  }
});

describe("another service at the address is told at once", () => {
  async function withWebServer(
    server: http.Server,
    run: (address: string) => Promise<void>,
  ): Promise<void> {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      await run(`localhost:${String((server.address() as AddressInfo).port)}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test("in plaintext", () =>
    withWebServer(http.createServer(), async (address) => {
      using client = new Client(address, { timeoutMs: Infinity });
      await assert.rejects(client.listLayerTypes(), /answers, but not in gRPC \(HTTP\/2\)/);
    }));

  test("in TLS", { skip }, () =>
    withWebServer(https.createServer({ cert: certificate, key }), async (address) => {
      using client = new Client(address, { tls: { ca: certificate }, timeoutMs: Infinity });
      await assert.rejects(client.listLayerTypes(), /speaks TLS, but not gRPC \(HTTP\/2\)/);
    }),
  );
});

describe("TLS", { skip }, () => {
  /** A server that asks for a certificate of the client's too, from the same authority. */
  function secured(): Promise<ScriptedServer> {
    const pairs = [{ cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) }];
    return ScriptedServer.start(ServerCredentials.createSsl(Buffer.from(certificate), pairs, true));
  }

  test("lets both sides know each other", async () => {
    await using server = await secured();
    server.script.set("listLayerTypes", [{ layerTypes: [] }]);
    const tls = { ca: certificate, certificate, key: Buffer.from(key) };
    using client = new Client(server.address, { tls, token: "abc" });
    assert.deepEqual(await client.listLayerTypes(), []);
    assert.deepEqual(server.metadata[0]?.get("authorization"), ["Bearer abc"]);
  });

  describe("a mistake is told at once, with what to write:", () => {
    /** A server with the certificate, which asks for none of the client's. */
    function open(): Promise<ScriptedServer> {
      const pairs = [{ cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) }];
      return ScriptedServer.start(ServerCredentials.createSsl(null, pairs));
    }

    const trusting = { ca: certificate };
    const mistakes: [string, () => Promise<ScriptedServer>, TlsOptions | boolean, RegExp][] = [
      ["plaintext to TLS", open, false, /speaks TLS: give `tls: true`/],
      ["plaintext to mutual TLS", secured, false, /speaks TLS: give `tls: true`/],
      [
        "TLS to plaintext",
        () => ScriptedServer.start(),
        true,
        /does not speak TLS: leave `tls` out/,
      ],
      ["an unknown authority", open, true, /an authority that is not trusted here: give it as/],
      [
        "another name",
        open,
        { ...trusting, serverName: "layers.example.org" },
        /is for another name: call the service by the name in its certificate/,
      ],
      ["no certificate", secured, trusting, /asks for a certificate of the client's: give `tls: {/],
    ];
    for (const [name, start, tls, sentence] of mistakes) {
      test(name, async () => {
        await using server = await start();
        // Without a deadline: it would wait for ever if it waited.
        using client = new Client(server.address, { tls, timeoutMs: Infinity });
        await assert.rejects(client.listLayerTypes(), (error: unknown) => {
          assert.ok(error instanceof UnavailableError);
          assert.match(error.message, sentence);
          assert.match(error.message, new RegExp(server.address));
          return true;
        });
        assert.equal(server.seen.size, 0);
      });
    }

    test("a certificate without its key", () => {
      assert.throws(() => new Client("localhost:1", { tls: { certificate } }), /needs its key/);
    });
  });

  test("takes the name of the server's certificate from its options", async () => {
    await using server = await secured();
    server.script.set("listLayerTypes", [{ layerTypes: [] }]);
    const address = server.address.replace("localhost", "127.0.0.1");
    const tls = { ca: certificate, certificate, key, serverName: "localhost" };
    using client = new Client(address, { tls });
    assert.deepEqual(await client.listLayerTypes(), []);
  });
});
