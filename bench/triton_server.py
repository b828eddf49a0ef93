"""Runs Triton with one Dropout, from the wheel of `nvidia-pytriton` in an environment of its own.

Only the wheel's `tritonserver` and its Python backend are used, as in Triton's own images. PyTriton
itself would pass each batch on to a further process.
"""

from __future__ import annotations

import os
import socket
import time
from importlib.metadata import distributions
from pathlib import Path
from types import TracebackType

from bench.calls import PROBABILITY
from bench.cpu import children_of
from bench.inference import MODEL, VERSION
from bench.load import SMALL
from bench.running import Reference
from edunn_serving.settings import Settings
from standalone.processes import Child
from standalone.stack import free_port

PACKAGE = "nvidia-pytriton"
MODEL_FILE = Path(__file__).parent / "triton_model.py"
START_SECONDS = 60.0
STOP_SECONDS = 15.0
LOOK_SECONDS = 0.1
CONFIG = """\
backend: "python"
max_batch_size: {batch}
input [{{ name: "x" data_type: TYPE_FP64 dims: [{dims}] }}]
output [{{ name: "y" data_type: TYPE_FP64 dims: [{dims}] }}]
instance_group [{{ kind: KIND_CPU count: {instances} }}]
dynamic_batching {{ max_queue_delay_microseconds: {delay} }}
parameters {{ key: "p" value {{ string_value: "{p}" }} }}
"""


class TritonError(RuntimeError):
    """Triton is not installed, or does not start."""


class Triton:
    """Triton on a free port of 127.0.0.1, as a context manager.

    Parameters
    ----------
    venv
        The environment that has `nvidia-pytriton`.
    folder
        An empty folder for the model, the backend and the log.
    instances
        How many processes run the model.
    queue_delay
        How long a request may wait for others of its batch, in microseconds.
    """

    def __init__(self, venv: Path, folder: Path, instances: int, queue_delay: int) -> None:
        self._packages = _site_packages(venv)
        self.versions = ", ".join(_version(self._packages, name) for name in (PACKAGE, "numpy"))
        self._port = free_port()
        self.address = f"127.0.0.1:{self._port}"
        self._add_model(folder, instances, queue_delay)
        self._add_backend(folder)
        environment = {
            # The Python backend takes the environment of the first `python3` that it finds.
            "PATH": f"{venv.resolve() / 'bin'}:{os.defpath}",
            "LD_LIBRARY_PATH": str(self._packages / "nvidia_pytriton.libs"),
        }
        self._child = Child("triton", self._command(folder), environment, folder)

    def __enter__(self) -> Triton:
        self._child.start()
        try:
            self._await_port()
        except BaseException:
            self._child.stop(STOP_SECONDS)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._child.stop(STOP_SECONDS)

    def reference(self) -> Reference:
        """Return where Triton listens, and its processes: the server and the instances."""
        pid = self._child.pid
        return Reference("triton", self.address, [pid, *children_of(pid)])

    def _command(self, folder: Path) -> list[str]:
        return [
            str(self._packages / "pytriton/tritonserver/bin/tritonserver"),
            f"--model-repository={folder / 'models'}",
            f"--backend-directory={folder / 'backends'}",
            "--grpc-address=127.0.0.1",
            f"--grpc-port={self._port}",
            "--allow-http=false",
            "--allow-metrics=false",
            # Errors stay, because they tell why a start fails.
            "--log-info=false",
            "--log-warning=false",
        ]

    def _add_model(self, folder: Path, instances: int, queue_delay: int) -> None:
        model = folder / "models" / MODEL
        code = model / VERSION / "model.py"
        code.parent.mkdir(parents=True)
        code.symlink_to(MODEL_FILE)
        config = CONFIG.format(
            batch=Settings().max_batch_operations,
            dims=", ".join(map(str, SMALL)),
            instances=instances,
            delay=queue_delay,
            p=PROBABILITY,
        )
        (model / "config.pbtxt").write_text(config)

    def _add_backend(self, folder: Path) -> None:
        """Link the Python backend's files, and its stub for the environment's Python."""
        triton = self._packages / "pytriton" / "tritonserver"
        python = self._packages.parent.name.removeprefix("python")
        backend = folder / "backends" / "python"
        backend.mkdir(parents=True)
        for file in (
            triton / "backends/python/libtriton_python.so",
            triton / "backends/python/triton_python_backend_utils.py",
            triton / "python_backend_stubs" / python / "triton_python_backend_stub",
        ):
            (backend / file.name).symlink_to(file)

    def _await_port(self) -> None:
        """Wait until Triton listens. It does so when the model is loaded."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and not self._child.has_died():
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
            except ConnectionRefusedError:
                time.sleep(LOOK_SECONDS)
            else:
                return
        raise TritonError(f"Triton does not start:\n{self._child.log_tail()}")


def _site_packages(venv: Path) -> Path:
    for found in venv.resolve().glob("lib/python3.*/site-packages/pytriton"):
        return found.parent
    raise TritonError(f"{venv} has no {PACKAGE}: `make bench-triton` installs it")


def _version(packages: Path, name: str) -> str:
    (found,) = distributions(name=name, path=[str(packages)])
    return f"{name} {found.version}"
