/** The running service, for the tests that need it: `EDUNN_TARGET` names it. */

import { Client, type FloatTensor, type Layer, type Session, Tensor } from "edunn-client";

/** The service's address; empty without one, and then the tests are skipped. */
export const ADDRESS = process.env["EDUNN_TARGET"] ?? "";

/** Options of a test that needs the service. */
export const needsService = {
  skip: ADDRESS === "" && "no service: EDUNN_TARGET is not set",
};

/** Returns a client of the service. */
export function connect(address = ADDRESS): Client {
  return new Client(address, { shareStream: process.env["EDUNN_SHARE_STREAM"] === "1" });
}

/** An input without zeros, so that a zero in an output was dropped. */
export const X = new Tensor(
  Float64Array.from({ length: 40 }, (_, i) => i + 1),
  [4, 10],
);

/** The gradient of X's sum. */
export const G = Tensor.ones([4, 10]);

/** What is to be done with a Dropout layer of p = 0.5. */
export type DropoutTest = (drop: Layer, session: Session) => Promise<void>;

/** Runs a test with a Dropout layer in a session of its own. */
export async function inDropoutSession(
  client: Client,
  run: DropoutTest,
  seed?: bigint,
): Promise<void> {
  await using session = await client.createSession({ seed });
  await run(await session.addLayer("drop", "Dropout", { p: 0.5 }), session);
}

/** Tells which elements are zero. */
export function zeros({ data }: FloatTensor): boolean[] {
  return Array.from(data, (value) => value === 0);
}
