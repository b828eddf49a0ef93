import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ServerCredentials } from "@grpc/grpc-js";
import { Client, UnavailableError } from "edunn-client";

import { makeCertificate } from "./certificate.js";
import { ScriptedServer } from "./scripted-server.js";

const pair = makeCertificate();
if (pair === undefined && process.env["CI"] === "true") {
  throw new Error("openssl is not on this machine, and CI must test TLS");
}
const { certificate, key } = pair ?? { certificate: "", key: "" };
const skip = pair === undefined && "openssl is not on this machine";
const once = { attempts: 1 };

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

  for (const tls of [true, false]) {
    test(`${tls ? "with an unknown authority" : "left out"} fails`, async () => {
      await using server = await secured();
      using client = new Client(server.address, { tls, retry: once });
      await assert.rejects(client.listLayerTypes(), UnavailableError);
      assert.equal(server.seen.size, 0);
    });
  }
});

test("an address is no URL", () => {
  assert.throws(() => new Client("http://localhost:50051"), /host:port, not a URL/);
});
