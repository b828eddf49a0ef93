/** The client against a real service that asks for a token: `EDUNN_TOKEN` is one that it knows. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, UnauthenticatedError } from "edunn-client";

import { ADDRESS, connect } from "./service.js";

const skip =
  (ADDRESS === "" || process.env["EDUNN_TOKEN"] === undefined) &&
  "no service with tokens: EDUNN_ADDRESS or EDUNN_TOKEN is not set";

test("the token that the service knows is accepted", { skip }, async () => {
  using client = connect();
  await using session = await client.createSession();
  assert.notEqual(session.sessionId, "");
});

for (const token of [undefined, "of somebody else"]) {
  test(`${token === undefined ? "no token" : "another"} is refused`, { skip }, async () => {
    using client = new Client(ADDRESS, { token });
    await assert.rejects(client.createSession(), (error: unknown) => {
      assert.ok(error instanceof UnauthenticatedError);
      assert.equal(error.reason, "UNAUTHENTICATED");
      return true;
    });
  });
}
