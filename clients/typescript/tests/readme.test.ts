/** The README's code and the example program, run as they stand but for the address. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { ADDRESS, needsService } from "./service.js";

const run = promisify(execFile);

const PACKAGE = new URL("../../", import.meta.url);
const FOLDER = new URL("../readme/", import.meta.url);
const TSC = fileURLToPath(new URL("node_modules/typescript/bin/tsc", PACKAGE));

describe("the README", needsService, () => {
  let text: string;
  before(async () => {
    text = await readFile(new URL("README.md", PACKAGE), "utf8");
    await mkdir(FOLDER, { recursive: true });
    // What the example of TLS reads.
    await writeFile(new URL("ca.pem", FOLDER), rootCertificates[0] ?? "");
  });

  /** Returns the code of a language, one block after the other. */
  function blocks(language: string): string[] {
    const pattern = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms");
    return [...text.matchAll(pattern)].map(([, code = ""]) =>
      code.replaceAll("localhost:50051", ADDRESS),
    );
  }

  async function execute(name: string): Promise<string> {
    const { stdout } = await run(process.execPath, [name], { cwd: FOLDER, timeout: 120_000 });
    return stdout;
  }

  test("has TypeScript that compiles strictly and runs", async () => {
    const code = blocks("ts");
    assert.ok(code.length >= 8);
    await writeFile(new URL("examples.ts", FOLDER), code.join("\n"));
    const config = {
      extends: "../../tsconfig.base.json",
      // The examples declare what a reader may want to look at.
      compilerOptions: { noUnusedLocals: false },
      files: ["examples.ts"],
    };
    await writeFile(new URL("tsconfig.json", FOLDER), JSON.stringify(config));
    await run(process.execPath, [TSC, "--project", fileURLToPath(FOLDER)]).catch((error: unknown) =>
      assert.fail((error as { stdout: string }).stdout),
    );
    assert.match(
      await execute("examples.js"),
      /^Tensor\(float64 \[1, 2\]\) \[ \[ 1, 1 \] \]\nstep 0: [\d.]+\nstep 1: /,
    );
  });

  test("has JavaScript that runs", async () => {
    const [code, ...more] = blocks("js");
    assert.ok(code !== undefined && more.length === 0);
    await writeFile(new URL("plain.js", FOLDER), code);
    assert.match(await execute("plain.js"), /[02]/);
  });

  test("names an example program that runs", async () => {
    assert.match(text, /npm run example -- localhost:50051/);
    const example = fileURLToPath(new URL("build/examples/dropout.js", PACKAGE));
    const { stdout } = await run(process.execPath, [example, ADDRESS], { timeout: 120_000 });
    assert.match(stdout, /Training: .*\n.*\n[^]*0\.00[^]*Test: nothing is dropped/);
  });
});
