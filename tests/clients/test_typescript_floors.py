"""The TypeScript client with the oldest libraries that its package.json allows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from suite import CLIENTS, require_tools

FOLDER = CLIENTS / "typescript"
PROGRAM = """
import { Client, Tensor } from "edunn-client";
import { FakeService } from "edunn-client/testing";

const service = await FakeService.start();
for (const address of [service.address, `${service.address},localhost:1`]) {
  const client = new Client(address, { shareStream: address !== service.address });
  const session = await client.createSession({ seed: 7n });
  const layer = await session.addLayer("drop", "Dropout", { p: 0.5 });
  const output = await layer.forward(Tensor.from([1, 2]));
  const stream = client.stream();
  const { inputGradient } = await stream.backward(layer, Tensor.ones([2]));
  await stream.close();
  console.log(output.toNested().join(), inputGradient.toNested().join());
  await session.delete();
  client.close();
}
service[Symbol.asyncDispose]();
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package as `npm pack` makes it, with the oldest of what it depends on."""
    require_tools("node", "npm")
    if not (FOLDER / "node_modules").exists():
        subprocess.run(["npm", "ci"], cwd=FOLDER, check=True)
    folder = tmp_path_factory.mktemp("floors")
    subprocess.run(["npm", "run", "build"], cwd=FOLDER, check=True)
    pack = ["npm", "pack", "--ignore-scripts", "--json", "--pack-destination", str(folder)]
    packed = subprocess.run(pack, cwd=FOLDER, check=True, capture_output=True, text=True)
    [tarball] = [entry["filename"] for entry in json.loads(packed.stdout)]
    ranges = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    floors = [f"{name}@{version.removeprefix('^')}" for name, version in ranges.items()]
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    install = ["npm", "install", "--no-audit", "--no-fund", "--save-exact", f"./{tarball}"]
    subprocess.run([*install, *floors], cwd=folder, check=True)
    return folder


def test_works_with_the_oldest_libraries(folder: Path) -> None:
    ranges = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    for name, version in ranges.items():
        manifest = json.loads((folder / "node_modules" / name / "package.json").read_text())
        assert manifest["version"] == version.removeprefix("^")
    (folder / "program.js").write_text(PROGRAM)
    done = subprocess.run(
        ["node", "program.js"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "1,2 1,1\n1,2 1,1\n", done.stderr
