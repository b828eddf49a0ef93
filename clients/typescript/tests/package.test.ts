/** What `npm pack` would publish. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
const TSC = join(PACKAGE, "node_modules/typescript/bin/tsc");

const CONSUMER = `
import { Client, type Output, Tensor } from "edunn-client";

const client = new Client("localhost:50051", { token: undefined });
const forward = async (): Promise<Output<Float32Array>> => {
  await using session = await client.createSession({ seed: 7n });
  const layer = await session.addLayer("drop", "Dropout", { p: 0.5 });
  return layer.forward(new Tensor(new Float32Array(4), [2, 2]));
};
// @ts-expect-error: layers compute with floating-point numbers
const integers = (): unknown => client.createSession().then((s) => s.layer("l").forward(Tensor.zeros([1], "int32")));
// @ts-expect-error: bytes could be anything
const bytes = (): unknown => new Tensor(new Uint8Array(1));
client.close();
console.log(typeof forward, typeof integers, typeof bytes);
`;

const COMMONJS_CONSUMER = `
import edunn = require("edunn-client");
import testing = require("edunn-client/testing");

const tensor: edunn.Tensor<Float64Array> = edunn.Tensor.from([1]);
void import("edunn-client").then(async (modules) => {
  const { FakeService } = await import("edunn-client/testing");
  console.log(tensor instanceof modules.Tensor, FakeService === testing.FakeService);
  console.log(Object.keys(edunn).filter((name) => !(name in modules)).join());
});
`;

describe("the published package", () => {
  let folder: string;
  let content: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "edunn-package-"));
    const modules = join(folder, "node_modules");
    content = join(modules, "edunn-client");
    await mkdir(content, { recursive: true });
    // Without scripts, as its \`prepack\` would build what other tests are running.
    const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
    const { stdout } = await run("npm", pack, { cwd: PACKAGE });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    await run("tar", ["-xzf", join(folder, filename), "-C", content, "--strip-components", "1"]);
    for (const scope of ["@bufbuild", "@grpc", "@types"]) {
      await symlink(join(PACKAGE, "node_modules", scope), join(modules, scope));
    }
  });
  after(() => rm(folder, { recursive: true }));

  async function files(): Promise<string[]> {
    const entries = await readdir(content, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(content.length + 1));
  }

  test("has the library, its sources and papers, and nothing else", async () => {
    const all = await files();
    const papers = all.filter((name) => !/^(dist|src)\//.test(name)).sort();
    assert.deepEqual(papers, ["LICENSE", "README.md", "package.json"]);
    assert.ok(all.every((name) => !/\.test\.|probe|build/i.test(name)));
  });

  test("has types and source maps of every module, and what they point at", async () => {
    const all = new Set(await files());
    const modules = [...all].filter((name) => /\.m?js$/.test(name));
    assert.ok(modules.includes("dist/index.js") && modules.includes("dist/index.mjs"));
    for (const name of modules) {
      const types = name.replace(/\.(m?)js$/, ".d.$1ts");
      for (const map of [`${name}.map`, `${types}.map`]) {
        assert.ok(all.has(types) && all.has(map), `${name} lacks its companions`);
        const { sources } = JSON.parse(await readFile(join(content, map), "utf8")) as {
          sources: string[];
        };
        for (const source of sources) {
          assert.ok(all.has(normalize(join(dirname(map), source))), `${map} points at nothing`);
        }
      }
    }
  });

  test("is installed by the README's own words", async () => {
    const text = await readFile(join(content, "README.md"), "utf8");
    const { name, scripts } = JSON.parse(await readFile(join(content, "package.json"), "utf8")) as {
      name: string;
      scripts: Record<string, string>;
    };
    const known = new Set(["ci", "pack", "test", `install ${name}`]);
    for (const script of Object.keys(scripts)) known.add(`run ${script}`);
    const commands = [...text.matchAll(/\bnpm ((?:run |install |)[\w-]+)/g)].map(
      ([, command = ""]) => command,
    );
    assert.ok(commands.includes(`install ${name}`));
    assert.deepEqual(
      commands.filter((command) => !known.has(command)),
      [],
    );
  });

  async function compileAndRun(name: string, type: string, program: string): Promise<string> {
    await writeFile(join(folder, "package.json"), JSON.stringify({ type }));
    await writeFile(join(folder, `${name}.ts`), program);
    const compilerOptions = {
      target: "ES2022",
      lib: ["ES2022"],
      module: "NodeNext",
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
    };
    const config = { compilerOptions, files: [`${name}.ts`] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    await run(process.execPath, [TSC, "--project", folder]).catch((error: unknown) =>
      assert.fail((error as { stdout: string }).stdout),
    );
    const { stdout } = await run(process.execPath, [join(folder, `${name}.js`)]);
    return stdout;
  }

  test("compiles and runs in a strict program of somebody else", async () => {
    const printed = await compileAndRun("consumer", "module", CONSUMER);
    assert.equal(printed, "function function function\n");
  });

  test("is one and the same for a program of CommonJS", async () => {
    const printed = await compileAndRun("commonjs", "commonjs", COMMONJS_CONSUMER);
    assert.equal(printed, "true true\n\n");
  });
});
