"""Generate the Python stubs of `proto/`: for the service and for the Python client.

Run by `make proto`. `--into DIR` writes below another root, which is how a test finds stale stubs.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
SERVICE_STUBS = Path("edunn_serving")
# The folders of `edunn_serving` that are generated; beside them lie files that are not.
SERVICE_PACKAGES = ("v1", "internal")
CLIENT_STUBS = Path("clients/python/src/edunn_client/_stubs")
# What the client needs besides the contract.
CLIENT_PROTO = ROOT / "clients" / "python" / "proto"
INIT = '"""Generated from proto/ by `make proto`. Do not edit."""\n'


def compile_protos(destination: Path, source: Path) -> None:
    """Write the stubs of every .proto file of `source`, in its package's folders."""
    files = sorted(str(path.relative_to(source)) for path in source.rglob("*.proto"))
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    code = protoc.main(
        [
            "protoc",
            f"-I{source}",
            f"-I{well_known}",
            f"--python_out={destination}",
            f"--pyi_out={destination}",
            f"--grpc_python_out={destination}",
            *files,
        ]
    )
    if code != 0:
        raise SystemExit(f"protoc ended with {code}")
    for stub in destination.rglob("*_pb2_grpc.py"):
        # protoc writes one for every file; only services have something to say.
        if "Stub:" not in stub.read_text():
            stub.unlink()


def make_packages(root: Path) -> None:
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        (folder / "__init__.py").write_text(INIT)


def write_service_stubs(compiled: Path, root: Path) -> None:
    for package in SERVICE_PACKAGES:
        target = root / SERVICE_STUBS / package
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(compiled / "edunn_serving" / package, target)
        make_packages(target)


def write_client_stubs(compiled: Path, root: Path) -> None:
    """Give the client stubs of its own, so that it needs no package of ours but itself.

    They lie flat in one package and import each other relatively, because the path that protoc
    writes, `edunn_serving.v1`, is the service's.
    """
    target = root / CLIENT_STUBS
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    stubs = [*(compiled / "edunn_serving" / "v1").iterdir(), *(compiled / "edunn_client").iterdir()]
    for source in sorted(stubs):
        text = re.sub(r"from edunn_serving\.v1 import", "from . import", source.read_text())
        (target / source.name).write_text(text)
    make_packages(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT, help="root folder to write below")
    root = parser.parse_args().into
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder)
        compile_protos(compiled, PROTO)
        compile_protos(compiled, CLIENT_PROTO)
        write_service_stubs(compiled, root)
        write_client_stubs(compiled, root)


if __name__ == "__main__":
    main()
