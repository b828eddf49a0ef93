"""Signed tokens at a server: the issuer's word is who calls, and what the caller may do."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from contract import refusal
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from more_servers import one_more_server
from waiting import await_true

from edunn_serving.grading.v1 import grading_service_pb2 as grading
from edunn_serving.grading.v1.grading_service_pb2_grpc import GradingServiceStub
from edunn_serving.own_channel import WITHOUT_PROXY
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

LIST = api.ListLayerTypesRequest()
Metadata = tuple[tuple[str, str], ...]


class Issuer:
    """Signs tokens, and replaces its key."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._number = 0
        self.rotate()

    def rotate(self) -> None:
        self._number += 1
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        fresh = self._place.with_suffix(".new")
        fresh.write_text(json.dumps({"keys": [{**public, "kid": str(self._number)}]}))
        fresh.replace(self._place)

    def sign(self, name: str, **claims: Any) -> Metadata:
        given = {"iss": "issuer", "aud": "edunn", "sub": name, "exp": time.time() + 600, **claims}
        token = jwt.encode(given, self._key, "ES256", headers={"kid": str(self._number)})
        return (("authorization", f"Bearer {token}"),)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("issuer") / "keys.json")


@pytest.fixture(scope="module")
def channel(stack: Stack, issuer: Issuer) -> Iterator[grpc.Channel]:
    settings = {
        "EDUNN_JWT_KEYS": str(issuer._place),
        "EDUNN_JWT_ISSUER": "issuer",
        "EDUNN_JWT_AUDIENCE": "edunn",
    }
    with (
        one_more_server(stack, **settings) as address,
        grpc.insecure_channel(address, WITHOUT_PROXY) as channel,
    ):
        yield channel


def test_the_claim_gives_the_roles_that_an_rpc_asks_for(
    channel: grpc.Channel, issuer: Issuer
) -> None:
    layers = LayerServiceStub(channel)
    grades = GradingServiceStub(channel)  # type: ignore[no-untyped-call]
    put = grading.PutAssignmentRequest()
    student = issuer.sign("ana")
    layers.ListLayerTypes(LIST, metadata=student, timeout=30)
    denied = refusal(partial(grades.PutAssignment, put, metadata=student, timeout=30))
    assert (denied.code, denied.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    assert "needs the role admin or grader" in denied.message
    assert denied.metadata["roles"] == "admin,grader"
    # A grader comes as far as the request itself, which says nothing.
    teacher = issuer.sign("teacher", edunn_roles=["grader"])
    let_in = refusal(partial(grades.PutAssignment, put, metadata=teacher, timeout=30))
    assert let_in.reason == "INVALID_ARGUMENT"
    nobody = issuer.sign("chef", edunn_roles=["chef"])
    denied = refusal(partial(layers.ListLayerTypes, LIST, metadata=nobody, timeout=30))
    assert denied.reason == "PERMISSION_DENIED"


def test_a_rotated_key_lets_new_tokens_in_and_ends_the_streams_of_old_ones(
    channel: grpc.Channel, issuer: Issuer
) -> None:
    stub = LayerServiceStub(channel)
    old = issuer.sign("ana")
    stub.ListLayerTypes(LIST, metadata=old, timeout=30)
    unsent: queue.SimpleQueue[api.ComputeRequest] = queue.SimpleQueue()
    stream = stub.Compute(iter(unsent.get, None), metadata=old, timeout=60)
    issuer.rotate()
    new = issuer.sign("ana")

    def is_known() -> bool:
        try:
            stub.ListLayerTypes(LIST, metadata=new, timeout=30)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAUTHENTICATED
            return False
        return True

    await_true(is_known, "the new key")
    assert refusal(partial(next, stream)).reason == "UNAUTHENTICATED"
    call = partial(stub.ListLayerTypes, LIST, metadata=old, timeout=30)
    assert refusal(call).reason == "UNAUTHENTICATED"


def test_a_stream_ends_when_its_token_expires(channel: grpc.Channel, issuer: Issuer) -> None:
    # The server allows for clocks that differ by some seconds.
    shown = issuer.sign("ana", exp=time.time() + 2)
    unsent: queue.SimpleQueue[api.ComputeRequest] = queue.SimpleQueue()
    stream = LayerServiceStub(channel).Compute(iter(unsent.get, None), metadata=shown, timeout=60)
    ended = refusal(partial(next, stream))
    assert ended.reason == "UNAUTHENTICATED"
    assert "expired" in ended.message


def test_calls_with_an_expired_token_are_no_guesses(channel: grpc.Channel, issuer: Issuer) -> None:
    stub = LayerServiceStub(channel)
    expired, valid = issuer.sign("ana", exp=time.time() - 60), issuer.sign("ana")
    for _ in range(300):
        refused = refusal(partial(stub.ListLayerTypes, LIST, metadata=expired, timeout=30))
        assert (refused.code, refused.reason) == (
            grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED",
        )  # fmt: skip
        assert "expired" in refused.message
    stub.ListLayerTypes(LIST, metadata=valid, timeout=30)
