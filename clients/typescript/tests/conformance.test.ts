/** The scenarios that every client runs: clients/conformance. */

import { readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { Client } from "edunn-client";

import { runScenario, type Scenario } from "./scenario.js";
import { ADDRESS, needsService } from "./service.js";
import { readJson } from "./tensor-json.js";

const FOLDER = new URL("../../../conformance/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

for (const shareStream of [false, true]) {
  const name = shareStream ? "conformance of calls that share a stream" : "conformance";
  describe(name, needsService, () => {
    let client: Client;
    before(() => {
      client = new Client(ADDRESS, { shareStream });
    });
    after(() => {
      client.close();
    });

    for (const file of FILES) {
      for (const scenario of readJson(new URL(file, FOLDER)) as Scenario[]) {
        test(`${file}: ${scenario.name}`, () => runScenario(client, scenario));
      }
    }
  });
}
