/** The running service, for the tests that need it: `EDUNN_ADDRESS` names it. */

import { Client } from "edunn-client";

/** The service's address; empty without one, and then the tests are skipped. */
export const ADDRESS = process.env["EDUNN_ADDRESS"] ?? "";

/** Options of a test that needs the service. */
export const needsService = {
  skip: ADDRESS === "" && "no service: EDUNN_ADDRESS is not set",
};

/** Returns a client of the service. */
export function connect(address = ADDRESS): Client {
  return new Client(address, { token: process.env["EDUNN_TOKEN"] });
}
