"""Build what would be published of each client: `make packages`, or `packages.py OUT [LANGUAGE]`.

Below OUT lie a wheel (`python/`), an npm tarball (`typescript/`), a Maven
repository with sources and javadoc (`java/`), and a Go module as a module proxy serves it (`go/`).
Each is built from a copy, so nothing is left in the folders of the clients.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

CLIENTS = Path(__file__).resolve().parent
VERSION = "0.2.0"
SHARED = ("CHANGELOG.md",)
LEFT_OUT = shutil.ignore_patterns(
    *("__pycache__", "*.egg-info", ".*_cache", "node_modules", "build", "dist", "target", "*.tgz")
)


def main() -> None:
    """Build the packages that the command line asks for."""
    parser = argparse.ArgumentParser(prog="packages.py", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=", ".join(BUILDERS))
    arguments = parser.parse_args()
    for language in arguments.languages or available():
        if language not in BUILDERS:
            parser.error(f"there is no client in {language}: {', '.join(BUILDERS)}")
        for path in build(language, arguments.out):
            print(path)


def available() -> list[str]:
    """Return the languages whose tools are on this machine; say which are left out."""
    missing = {
        language: [tool for tool in tools if shutil.which(tool) is None]
        for language, tools in TOOLS.items()
    }
    for language, tools in missing.items():
        if tools:
            print(f"left out {language}: no {', '.join(tools)} on this machine", file=sys.stderr)
    return [language for language, tools in missing.items() if not tools]


def build(language: str, out: Path) -> list[Path]:
    """Build a client's packages and return their files, below `out/language`.

    Raises
    ------
    subprocess.CalledProcessError
        A tool failed; it has printed why.
    """
    folder = out.resolve() / language
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="edunn-packages-") as temporary:
        copy = Path(temporary) / language
        shutil.copytree(CLIENTS / language, copy, ignore=LEFT_OUT)
        for name in SHARED:
            shutil.copy(CLIENTS / name, copy)
        BUILDERS[language](copy, folder)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _python(source: Path, out: Path) -> None:
    _run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(out), "."], source
    )


def _go(source: Path, out: Path) -> None:
    tools = CLIENTS / "go" / "tools"
    _run(["go", "run", "./modulezip", str(source), str(out), f"v{VERSION}"], tools)


def _typescript(source: Path, out: Path) -> None:
    installed = CLIENTS / "typescript" / "node_modules"
    if installed.exists():
        (source / "node_modules").symlink_to(installed)
    else:
        _run(["npm", "ci", "--no-audit", "--no-fund"], source)
    _run(["npm", "pack", "--silent", "--pack-destination", str(out)], source)


def _java(source: Path, out: Path) -> None:
    maven = ["mvn", "--quiet", "--batch-mode", "--no-transfer-progress", "-DskipTests"]
    _run([*maven, "deploy", f"-DaltDeploymentRepository=packages::file://{out}"], source)


def _run(command: Sequence[str], folder: Path) -> None:
    # What the tools say goes to standard error: standard output is the list of files.
    subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)  # noqa: S603 - our own


BUILDERS: dict[str, Callable[[Path, Path], None]] = {
    "python": _python,
    "go": _go,
    "typescript": _typescript,
    "java": _java,
}
TOOLS = {"python": (), "go": ("go",), "typescript": ("node", "npm"), "java": ("javac", "mvn")}


if __name__ == "__main__":
    main()
