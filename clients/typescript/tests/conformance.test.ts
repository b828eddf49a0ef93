/** The scenarios that every client runs: clients/conformance. */

import { readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import type { Client } from "edunn-client";

import { runScenario, type Scenario } from "./scenario.js";
import { connect, needsService } from "./service.js";
import { readJson } from "./tensor-json.js";

const FOLDER = new URL("../../../conformance/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

describe("conformance", needsService, () => {
  let client: Client;
  before(() => {
    client = connect();
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
