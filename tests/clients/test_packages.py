"""What would be published of each client, installed into a fresh project that runs."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from suite import CLIENTS, TIMEOUT_SECONDS, require_tools

from standalone.stack import Stack

GO_MODULE = "github.com/edunn/edunn-serving/clients/go"
# Each prints this of a Dropout of seed 7.
ANSWER = "0 4 6 0"
PYTHON_PROGRAM = """
from edunn_client import Client

with Client() as client, client.session(seed=7) as session:
    y = session.layer("drop", "Dropout", p=0.5).forward([[1.0, 2.0, 3.0, 4.0]])
print(*(f"{number:g}" for number in y[0]))
"""
GO_PROGRAM = """
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

func main() {
	ctx := context.Background()
	client, err := edunn.NewClient(os.Getenv("EDUNN_TARGET"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	session, err := client.CreateSession(ctx, edunn.WithSeed(7))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close(ctx)
	drop, err := session.AddLayer(ctx, "drop", "Dropout", edunn.Config{"p": 0.5})
	if err != nil {
		log.Fatal(err)
	}
	y, err := edunn.As[float64](drop.Forward(ctx, edunn.NewTensor([]float64{1, 2, 3, 4}, 1, 4)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Trim(fmt.Sprint(y.Data), "[]"))
}
"""
TYPESCRIPT_PROGRAM = """
import { Client, Tensor } from "edunn-client";

const client = new Client(process.env.EDUNN_TARGET);
const session = await client.createSession({ seed: 7n });
const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
const y = await drop.forward(Tensor.from([[1, 2, 3, 4]]));
console.log(y.toNested()[0].join(" "));
await session.delete();
client.close();
"""
# As a user's own tests do, against the package's fake of the service.
TYPESCRIPT_TESTING_PROGRAM = """
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
JAVA_PROGRAM = """
package example;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.edunn.client.Client;
import org.edunn.client.LayerSpec;
import org.edunn.client.Session;
import org.edunn.client.Tensor;

public final class Example {
  public static void main(String[] arguments) {
    try (Client client = Client.connect();
        Session session = client.newSession().seed(7).create()) {
      Tensor y =
          session
              .add(LayerSpec.of("drop", "Dropout").config("p", 0.5))
              .forward(Tensor.of(new double[] {1, 2, 3, 4}, 1, 4));
      System.out.println(
          Arrays.stream(y.toDoubleArray())
              .mapToObj(number -> Long.toString((long) number))
              .collect(Collectors.joining(" ")));
    }
  }
}
"""
JAVA_MODULE = "module example { requires org.edunn.client; exports example; }\n"

_spec = importlib.util.spec_from_file_location("packages", CLIENTS / "packages.py")
assert _spec is not None and _spec.loader is not None
packages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(packages)


def test_all_have_the_version_that_the_changelog_describes() -> None:
    places = {
        "CHANGELOG.md": r"^## (\S+)$",
        "python/pyproject.toml": r'^version = "(.*)"$',
        "python/src/edunn_client/_version.py": r'^__version__ = "(.*)"$',
        "go/version.go": r'^const Version = "(.*)"$',
        "typescript/package.json": r'^  "version": "(.*)",$',
        "typescript/src/version.ts": r'^export const VERSION = "(.*)";$',
        "java/pom.xml": r"^  <version>(.*)</version>$",
        "java/src/main/java/org/edunn/client/Client.java": r'VERSION = "(.*)";$',
    }
    found = {}
    for place, pattern in places.items():
        version = re.search(pattern, (CLIENTS / place).read_text(), re.MULTILINE)
        found[place] = version and version.group(1)
    assert found == dict.fromkeys(places, packages.VERSION)


def run(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None
) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    # Maven resets colours that it has not set.
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


def build(language: str, out: Path) -> list[Path]:
    """Build as `make packages` does; nothing may be left in the folder of the client."""
    before = files(CLIENTS / language)
    built: list[Path] = packages.build(language, out)
    assert files(CLIENTS / language) == before
    return built


def files(folder: Path) -> set[Path]:
    """Return the files below a folder, without the caches that linters and tests write.

    Other tests may run beside this one.
    """
    paths = {path.relative_to(folder) for path in folder.rglob("*")}
    caches = re.compile(r"__pycache__|\..*")
    return {path for path in paths if not any(map(caches.fullmatch, path.parts))}


def only(paths: Sequence[Path], ending: str) -> Path:
    (path,) = (path for path in paths if path.name.endswith(ending))
    return path


def test_python(stack: Stack, tmp_path: Path) -> None:
    wheel = only(build("python", tmp_path / "packages"), ".whl")
    assert wheel.name == f"edunn_client-{packages.VERSION}-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    assert "edunn_client/py.typed" in names
    # Not its own tests; `testing.py` is for its users'.
    assert not [name for name in names if "/tests/" in name or "test_" in name]
    run([sys.executable, "-m", "venv", "fresh"], tmp_path)
    python = tmp_path / "fresh" / "bin" / "python"
    quiet = ("--quiet", "--disable-pip-version-check")
    run([python, "-m", "pip", "install", *quiet, wheel], tmp_path)
    printed = run([python, "-c", PYTHON_PROGRAM], tmp_path, {"EDUNN_TARGET": stack.address})
    assert printed.strip() == ANSWER


def test_go(stack: Stack, tmp_path: Path) -> None:
    require_tools("go")
    proxy = tmp_path / "packages" / "go"
    archive = only(build("go", tmp_path / "packages"), ".zip")
    names = zipfile.ZipFile(archive).namelist()
    prefix = f"{GO_MODULE}@v{packages.VERSION}/"
    assert all(name.startswith(prefix) for name in names)
    assert {f"{prefix}LICENSE", f"{prefix}CHANGELOG.md"} <= set(names)
    assert not [name for name in names if name.startswith(f"{prefix}tools/")]
    project = tmp_path / "project"
    project.mkdir()
    (project / "main.go").write_text(GO_PROGRAM)
    usual = run(["go", "env", "GOPROXY"], project).strip()
    environment = {
        "EDUNN_TARGET": stack.address,
        "GOPROXY": f"file://{proxy},{usual}",
        # It is not published, so no database of checksums knows it; nor is it to be kept.
        "GONOSUMDB": GO_MODULE,
        "GOFLAGS": "-modcacherw",
        "GOMODCACHE": str(tmp_path / "modules"),
    }
    run(["go", "mod", "init", "example.org/fresh"], project)
    run(["go", "get", f"{GO_MODULE}@v{packages.VERSION}"], project, environment)
    printed = run(["go", "run", "."], project, environment)
    assert printed.strip() == ANSWER


def test_typescript(stack: Stack, tmp_path: Path) -> None:
    """It runs with the oldest libraries that its package.json allows."""
    require_tools("node", "npm")
    tarball = only(build("typescript", tmp_path / "packages"), ".tgz")
    assert tarball.name == f"edunn-client-{packages.VERSION}.tgz"
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text('{"name": "fresh", "private": true, "type": "module"}')
    (project / "main.js").write_text(TYPESCRIPT_PROGRAM)
    (project / "testing.js").write_text(TYPESCRIPT_TESTING_PROGRAM)
    ranges = json.loads((CLIENTS / "typescript" / "package.json").read_text())["dependencies"]
    floors = {name: version.removeprefix("^") for name, version in ranges.items()}
    oldest = [f"{name}@{version}" for name, version in floors.items()]
    run(["npm", "install", "--no-audit", "--no-fund", "--save-exact", tarball, *oldest], project)
    for name, version in floors.items():
        manifest = json.loads((project / "node_modules" / name / "package.json").read_text())
        assert manifest["version"] == version
    printed = run(["node", "main.js"], project, {"EDUNN_TARGET": stack.address})
    assert printed.strip() == ANSWER
    assert run(["node", "testing.js"], project) == "1,2 1,1\n1,2 1,1\n"
    installed = project / "node_modules" / "edunn-client"
    for name in ("CHANGELOG.md", "LICENSE", "README.md"):
        assert (installed / name).exists(), name
    assert list((installed / "dist").rglob("index.d.ts"))


def test_java(stack: Stack, tmp_path: Path) -> None:
    """The project is the README's, on the class path and as a module."""
    require_tools("javac", "mvn")
    built = build("java", tmp_path / "packages")
    version = packages.VERSION
    for ending in (".jar", "-sources.jar", "-javadoc.jar", ".pom"):
        only(built, f"edunn-client-{version}{ending}")
    project = tmp_path / "project"
    sources = project / "src" / "main" / "java"
    (sources / "example").mkdir(parents=True)
    (sources / "example" / "Example.java").write_text(JAVA_PROGRAM)
    (project / "pom.xml").write_text(readme_pom(tmp_path / "packages" / "java"))
    maven = ["mvn", "--quiet", "--batch-mode"]
    maven.append(f"-Dmaven.repo.local={local_repository(tmp_path / 'repository')}")
    environment = {"EDUNN_TARGET": stack.address}
    plain = ("compile", "exec:java", "-Dexec.mainClass=example.Example")
    printed = run([*maven, *plain], project, environment)
    assert printed.strip() == ANSWER
    (sources / "module-info.java").write_text(JAVA_MODULE)
    modular = ("clean", "compile", "exec:exec", "-Dexec.executable=java")
    arguments = "-Dexec.args=--module-path %classpath --module example/example.Example"
    printed = run([*maven, *modular, arguments], project, environment)
    assert printed.strip() == ANSWER


def readme_pom(repository: Path) -> str:
    """The project of the README, which finds the package where it was built."""
    text = (CLIENTS / "java" / "README.md").read_text()
    (pom,) = (block for block in re.findall(r"```xml\n(.*?)```", text, re.S) if "<project" in block)
    source = f"<repository><id>packages</id><url>file://{repository}</url></repository>"
    return str(pom).replace("</project>", f"<repositories>{source}</repositories></project>")


def local_repository(folder: Path) -> Path:
    """Maven's local repository with all that the user's has, but for this package.

    Maven fetches a version once and for all; this one is built anew each time.
    """
    users = Path.home() / ".m2" / "repository"
    ours = folder / "org"
    ours.mkdir(parents=True)
    for place, target in ((users, folder), (users / "org", ours)):
        if place.exists():
            for path in place.iterdir():
                if path.name not in ("org", "edunn"):
                    (target / path.name).symlink_to(path)
    return folder
