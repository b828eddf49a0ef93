"""An object store that is full, away, slow or forbidding costs no checkpoint and leaves no half."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

import fsspec
import grpc
import numpy as np
import pytest
from edunn_client import CallScope, CancelledError, Client, EdunnError, Training, TrainingState
from edunn_client.optimizers import Adam
from local_training import BATCH, SEED, add_network, arrays_of, assert_same, train_locally
from object_store import ObjectStore, object_store
from waiting import await_true

from edunn_serving.artifacts import ArtifactStore
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.pools import TRAINING
from edunn_serving.v1 import training_service_pb2 as api
from edunn_serving.v1.training_service_pb2_grpc import TrainingServiceStub
from standalone.stack import Stack

EPOCHS = 30
URL = "s3://artifacts/edunn"


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    with object_store(monkeypatch) as store:
        yield store


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        ("507 Insufficient Storage", "XMinioStorageFull", Reason.STORE_FULL),
        ("400 Bad Request", "XMinioAdminBucketQuotaExceeded", Reason.STORE_FULL),
        ("403 Forbidden", "QuotaExceeded", Reason.STORE_FULL),
        ("403 Forbidden", "AccessDenied", Reason.UNAVAILABLE),
        ("404 Not Found", "NoSuchBucket", Reason.UNAVAILABLE),
    ],
)
def test_refusals_are_told_apart_and_leave_nothing(
    objects: ObjectStore, status: str, code: str, reason: Reason
) -> None:
    store = ArtifactStore(URL)
    store.put("there", b"before")
    objects.refusal = status, code
    with pytest.raises(ServiceError) as error:
        store.put("refused", b"data")
    assert error.value.reason is reason
    objects.refusal = None
    files = fsspec.filesystem("s3", skip_instance_cache=True)
    assert files.find("artifacts") == ["artifacts/edunn/there"]


def test_store_that_is_away_is_named_and_soon_given_up(objects: ObjectStore) -> None:
    store = ArtifactStore(URL)
    store.put("there", b"before")
    objects.stop()
    attempts = (
        lambda: store.put("lost", b"data"),
        lambda: store.get("there"),
        lambda: store.remove("there"),
    )
    for attempt in attempts:
        with pytest.raises(ServiceError, match=r"artifact store .*: it cannot be reached") as error:
            attempt()
        assert error.value.reason is Reason.UNAVAILABLE
    objects.start()
    assert store.get("there") == b"before"


def test_refusal_has_the_code_of_the_store(objects: ObjectStore) -> None:
    objects.refusal = "403 Forbidden", "AccessDenied"
    with pytest.raises(ServiceError, match="it refuses with AccessDenied"):
        ArtifactStore(URL).put("refused", b"data")


@pytest.fixture
def stack(objects: ObjectStore, tmp_path: Path) -> Iterator[Stack]:
    settings = {"EDUNN_ARTIFACTS": URL, "EDUNN_TRAINING_SLICE_SECONDS": "0.3"}
    with Stack(tmp_path, workers=1, others={TRAINING: 1}, environment=settings) as running:
        yield running


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.address, timeout=60) as connected:
        yield connected


def test_faults_of_the_object_store_under_trainings(objects: ObjectStore, client: Client) -> None:
    def await_progress(training: Training) -> None:
        await_true(lambda: training.refresh().progress.share > 0.1, "some progress")

    with client.session(seed=1) as session:
        net = add_network(session)
        start = arrays_of(net)
        training = net.fit(
            "digits", "loss", Adam(lr=0.01), epochs=EPOCHS, batch_size=BATCH, seed=SEED
        )
        await_progress(training)
        # It is full.
        objects.refusal = "507 Insufficient Storage", "XMinioStorageFull"
        with pytest.raises(EdunnError) as full:
            training.result(timeout=60)
        assert full.value.reason == "STORE_FULL"
        assert training.refresh().state is TrainingState.FAILED
        objects.refusal = None
        # The checkpoint before is there. Then the store is away for a moment, and then slow.
        training.resume()
        objects.stop()
        objects.start()
        objects.may_write.clear()
        objects.written_to.clear()
        assert objects.written_to.wait(60)
        objects.may_write.set()
        info = training.result(timeout=120)
        model, history = train_locally(start, EPOCHS)
        assert_same(model, net.get_parameters())
        assert [each.training["loss"] for each in info.results] == list(history)


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (("507 Insufficient Storage", "XMinioStorageFull"), "STORE_FULL"),
        (("403 Forbidden", "AccessDenied"), "UNAVAILABLE"),
    ],
)
def test_upload_that_the_object_store_refuses_leaves_nothing(
    objects: ObjectStore, client: Client, refusal: tuple[str, str], reason: str
) -> None:
    x, y = np.random.default_rng(0).random((500, 8)), np.arange(500) % 3
    objects.refusal = refusal
    # Less than the pause after which a full store asks to be tried again.
    with pytest.raises(EdunnError) as error:
        client.upload_dataset("mine", x, y, timeout=20)
    assert error.value.reason == reason
    assert "mine" not in {each.name for each in client.datasets()}
    objects.refusal = None
    assert client.upload_dataset("mine", x, y).name == "mine"


def test_upload_to_a_store_that_is_away_says_so(objects: ObjectStore, client: Client) -> None:
    x, y = np.random.default_rng(0).random((500, 8)), np.arange(500) % 3
    objects.stop()
    with pytest.raises(EdunnError, match="the artifact store") as error:
        client.upload_dataset("mine", x, y, timeout=20)
    assert error.value.reason == "UNAVAILABLE"
    objects.start()
    assert client.upload_dataset("mine", x, y).name == "mine"


def test_upload_during_which_the_store_goes_away_leaves_nothing(
    objects: ObjectStore, stack: Stack, client: Client
) -> None:
    x, y = np.random.default_rng(0).random((500, 8)), np.arange(500) % 3
    objects.may_write.clear()
    objects.written_to.clear()
    with ThreadPoolExecutor() as pool:
        upload = pool.submit(client.upload_dataset, "mine", x, y)
        assert objects.written_to.wait(60)
        # The write under way fails, and those after it find nobody.
        objects.refusal = "500 Internal Server Error", "InternalError"
        objects.may_write.set()
        objects.stop()
        objects.refusal = None
        objects.start()
        assert upload.result().name == "mine"
    assert used_bytes(stack) == x.nbytes + y.nbytes
    assert len(stored()) == 1


def test_caller_that_leaves_while_the_store_is_slow_leaves_nothing_behind(
    objects: ObjectStore, stack: Stack, client: Client
) -> None:
    x, y = np.random.default_rng(0).random((500, 8)), np.arange(500) % 3
    with client.session(seed=1) as session:
        net = add_network(session)
        for begin in (
            lambda: client.upload_dataset("mine", x, y),
            lambda: net.fit("digits", "loss", Adam(lr=0.01), epochs=1),
        ):
            objects.may_write.clear()
            objects.written_to.clear()
            with ThreadPoolExecutor() as pool, CallScope() as scope:
                call = pool.submit(copy_context().run, begin)
                assert objects.written_to.wait(60)
                scope.cancel()
                with pytest.raises(CancelledError):
                    call.result()
                objects.may_write.set()
            await_true(lambda: used_bytes(stack) == 0, "the return of its bytes")
            assert not stored()
        assert "mine" not in {each.name for each in client.datasets()}
        assert not list(client.trainings())


def test_what_could_not_be_removed_is_removed_with_the_next_upload(
    objects: ObjectStore, stack: Stack, client: Client
) -> None:
    x, y = np.random.default_rng(0).random((500, 8)), np.arange(500) % 3
    client.upload_dataset("mine", x, y)
    objects.refusal = "403 Forbidden", "AccessDenied"
    client.delete_dataset("mine")
    assert "mine" not in {each.name for each in client.datasets()}
    assert len(stored()) == 1
    # Its bytes still count.
    assert used_bytes(stack) == x.nbytes + y.nbytes
    objects.refusal = None
    client.upload_dataset("other", x, y)
    assert len(stored()) == 1
    assert used_bytes(stack) == x.nbytes + y.nbytes


def stored() -> list[str]:
    """Return the files in the store."""
    found: list[str] = fsspec.filesystem("s3", skip_instance_cache=True).find("artifacts/edunn")
    return found


def used_bytes(stack: Stack) -> int:
    with grpc.insecure_channel(stack.address) as channel:
        stub = TrainingServiceStub(channel)
        return int(stub.ListDatasets(api.ListDatasetsRequest(), timeout=30).used_bytes)
