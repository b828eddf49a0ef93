/** A real service with TLS and tokens; the repository's tests start one and say so. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Client, Tensor, UnauthenticatedError } from "edunn-client";

const {
  EDUNN_SECURED_ADDRESS: address = "",
  EDUNN_SECURED_CA: authority = "",
  EDUNN_SECURED_TOKEN: token,
} = process.env;
const skip = address === "" && "no service with TLS: EDUNN_SECURED_ADDRESS is not set";

async function connect(shown: string | undefined): Promise<Client> {
  return new Client(address, { tls: { ca: await readFile(authority) }, token: shown });
}

test("who has the token is served, through TLS", { skip }, async () => {
  using client = await connect(token);
  await using session = await client.createSession();
  const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
  const x = Tensor.ones([4, 10]);
  const { data } = await drop.forward(x);
  assert.deepEqual((await drop.backward(x)).inputGradient.data, data);
  await using stream = client.stream();
  assert.deepEqual((await stream.backward(drop, x)).inputGradient.data, data);
});

for (const other of [undefined, "of somebody else"]) {
  test(`${other === undefined ? "no token" : "another"} is refused`, { skip }, async () => {
    using client = await connect(other);
    await assert.rejects(client.createSession(), (error: unknown) => {
      assert.ok(error instanceof UnauthenticatedError);
      assert.equal(error.reason, "UNAUTHENTICATED");
      return true;
    });
  });
}
