"""One real stack for the run: Redis, two Celery workers, a gRPC server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from contract import UNLIMITED
from edunn_client import Client
from waiting import await_workers

from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

# The tests' channels stay on this machine, so a proxy of the environment must not be used.
os.environ["no_grpc_proxy"] = "127.0.0.1,localhost"  # noqa: SIM112  # gRPC's name

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        await_workers(running)
        yield running


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack for tests that leave assignments open, which close layers to students everywhere."""
    with Stack(tmp_path_factory.mktemp("own-stack")) as running:
        await_workers(running)
        yield running


@pytest.fixture(scope="session")
def stub(stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(stack.address, UNLIMITED) as channel:
        yield LayerServiceStub(channel)


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.address) as connected:
        yield connected
