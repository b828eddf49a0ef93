"""Generate the Python stubs of `proto/`, for the service, and what the Python client reads of it.

Run by `make proto`. `--into DIR` writes below another root, which is how a test finds stale stubs.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from pathlib import Path

import grpc_tools
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
SERVICE_STUBS = Path("edunn_serving")
CLIENT_STUBS = Path("clients/python/src/edunn_client/_stubs")
# What the client needs besides the contract.
CLIENT_PROTO = ROOT / "clients" / "python" / "proto"
DESCRIPTORS = "contract.binpb"
INIT = '"""Generated from proto/ by `make proto`. Do not edit."""\n'
CLIENT_MODULE = """{INIT}
from edunn_client._messages import define

define(globals(), "{file}")
"""


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
            f"--descriptor_set_out={destination / DESCRIPTORS}",
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
    # Beside the packages that are generated lie files that are not.
    for package in (compiled / "edunn_serving").iterdir():
        target = root / SERVICE_STUBS / package.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(package, target)
        make_packages(target)


def write_client_stubs(contract: Path, details: Path, root: Path) -> None:
    """Give the client the contract's descriptors, from which it makes its messages when it starts.

    The code that protoc generates runs with protobuf's major version of that protoc and the next
    one. Descriptors run with every version. The modules are flat in one package and their types
    import each other relatively, because `edunn_serving.v1` is the service's package.
    """
    target = root / CLIENT_STUBS
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    make_packages(target)
    descriptors = descriptor_pb2.FileDescriptorSet()
    for compiled, package in (
        (contract, "edunn_serving/v1"),
        (contract, "edunn_serving/grading/v1"),
        (details, "edunn_client"),
    ):
        for file in read_descriptors(compiled).file:
            if not file.name.startswith(package):
                continue
            descriptors.file.append(file)
            module = file.name.removesuffix(".proto").rpartition("/")[2] + "_pb2"
            types = (compiled / package / f"{module}.pyi").read_text()
            types = re.sub(r"^from edunn_serving\.\S+ import", "from . import", types, flags=re.M)
            (target / f"{module}.pyi").write_text(types)
            (target / f"{module}.py").write_text(CLIENT_MODULE.format(INIT=INIT, file=file.name))
    (target / DESCRIPTORS).write_bytes(descriptors.SerializeToString(deterministic=True))


def read_descriptors(compiled: Path) -> descriptor_pb2.FileDescriptorSet:
    """Return the descriptors as generated code has them.

    Without the names in JSON, that is: protobuf takes a file that a process has already only if it
    is the same.
    """
    data = (compiled / DESCRIPTORS).read_bytes()
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(data)
    for file in descriptors.file:
        for extension in file.extension:
            extension.ClearField("json_name")
        messages = list(file.message_type)
        while messages:
            message = messages.pop()
            messages += message.nested_type
            for field in message.field:
                field.ClearField("json_name")
    return descriptors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT, help="root folder to write below")
    root = parser.parse_args().into
    with tempfile.TemporaryDirectory() as contract, tempfile.TemporaryDirectory() as details:
        compile_protos(Path(contract), PROTO)
        compile_protos(Path(details), CLIENT_PROTO)
        write_service_stubs(Path(contract), root)
        write_client_stubs(Path(contract), Path(details), root)


if __name__ == "__main__":
    main()
