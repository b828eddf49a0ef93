"""Data sets: uploaded in chunks of any size, checked, stored once, in a folder or an S3 store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import grpc
import numpy as np
import pytest
from contract import refusal
from edunn_client import Client, EdunnError, TrainingState, optimizers
from local_training import add_network
from object_store import object_store
from waiting import await_true

from edunn_serving.pools import TRAINING
from edunn_serving.v1 import dataset_pb2, tensor_pb2
from edunn_serving.v1 import training_service_pb2 as api
from edunn_serving.v1.training_service_pb2_grpc import TrainingServiceStub
from standalone.stack import Stack

BUDGET = 3_000_000
SETTINGS = {
    "EDUNN_TRAINING_SLICE_SECONDS": "0.1",
    "EDUNN_ARTIFACT_BYTES": str(BUDGET),
    "EDUNN_DATASET_BYTES": "2000000",
}
X = np.random.default_rng(1).random((100, 7))
Y = np.arange(100) % 3


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("datasets")
    with Stack(folder, workers=1, others={TRAINING: 1}, environment=SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.address) as connected:
        yield connected


@pytest.fixture(scope="module")
def stub(stack: Stack) -> Iterator[TrainingServiceStub]:
    with grpc.insecure_channel(stack.address) as channel:
        yield TrainingServiceStub(channel)


def spec(array: np.ndarray) -> dataset_pb2.ArraySpec:
    kinds = {"f8": tensor_pb2.DATA_TYPE_FLOAT64, "i8": tensor_pb2.DATA_TYPE_INT64}
    return dataset_pb2.ArraySpec(data_type=kinds[array.dtype.str[1:]], shape=array.shape)


def parts(
    x: np.ndarray = X, y: np.ndarray = Y, chunk: int = 1000, **header: Any
) -> Iterator[api.UploadDatasetRequest]:
    fields = {"name": "mine", "x": spec(x), "y": spec(y), **header}
    yield api.UploadDatasetRequest(header=api.DatasetHeader(**fields))
    for name, array in (("x", x), ("y", y)):
        data = array.tobytes()
        for at in range(0, len(data), chunk):
            piece: Any = {name: data[at : at + chunk]}
            yield api.UploadDatasetRequest(**piece)


def files(stack: Stack) -> set[str]:
    return {path.name for path in (stack.data / "artifacts").glob("*/datasets/*")}


def upload(stub: TrainingServiceStub, *args: Any, **more: Any) -> api.UploadDatasetResponse:
    answer: api.UploadDatasetResponse = stub.UploadDataset(parts(*args, **more), timeout=60)
    return answer


def test_the_data_sets_of_the_library_are_there_by_name(client: Client) -> None:
    found = {each.name: each for each in client.datasets() if each.bundled}
    assert {"digits", "iris", "wine", "breast_cancer", "diabetes", "study2d"} <= set(found)
    assert (found["digits"].x.shape, found["digits"].y.dtype) == ((1797, 64), "int64")
    # No network is needed for them.
    assert not {"mnist", "boston"} & set(found)
    with pytest.raises(EdunnError) as refused:
        client.upload_dataset("digits", X, Y)
    assert refused.value.reason == "DATASET_EXISTS"


@pytest.mark.parametrize("chunk", [3, 1000, 10**6], ids=["3", "1000", "whole"])
def test_chunks_may_have_any_size(stub: TrainingServiceStub, stack: Stack, chunk: int) -> None:
    x, y = X[:20], Y[:20]
    before = files(stack)
    answer = upload(stub, x, y, chunk, name=f"chunks-{chunk}")
    assert answer.dataset.size_bytes == x.nbytes + y.nbytes
    assert (answer.dataset.labels.smallest, answer.dataset.labels.largest) == (0, 2)
    # The same elements are stored once, under however many names.
    assert len(files(stack) - before) == (not answer.was_stored)


def test_the_same_bytes_again_cost_nothing(client: Client, stub: TrainingServiceStub) -> None:
    first = client.upload_dataset("twice", X, Y)
    used = stub.ListDatasets(api.ListDatasetsRequest(), timeout=30).used_bytes
    assert client.upload_dataset("twice", X, Y) == first
    # A header with the digest is enough.
    header = next(parts(name="third", digest=first.digest))
    answer = stub.UploadDataset(iter([header]), timeout=30)
    assert answer.was_stored
    assert stub.ListDatasets(api.ListDatasetsRequest(), timeout=30).used_bytes == used
    client.delete_dataset("twice")
    # What another name has stays.
    assert client.upload_dataset("third", X, Y).digest == first.digest
    client.delete_dataset("third")
    left = stub.ListDatasets(api.ListDatasetsRequest(), timeout=30)
    assert left.used_bytes == used - X.nbytes - Y.nbytes
    assert "third" not in {each.name for each in left.datasets}


def test_another_data_set_of_a_name_needs_to_be_said(client: Client) -> None:
    client.upload_dataset("changing", X, Y)
    with pytest.raises(EdunnError) as refused:
        client.upload_dataset("changing", X[:50], Y[:50])
    assert refused.value.reason == "DATASET_EXISTS"
    assert client.upload_dataset("changing", X[:50], Y[:50], replace=True).x.shape == (50, 7)


def not_finite(value: float) -> np.ndarray:
    x = X.copy()
    x[57, 3] = value
    return x


def header_only(**fields: Any) -> Iterator[api.UploadDatasetRequest]:
    header = {"name": "mine", "x": spec(X), "y": spec(Y), **fields}
    return iter([api.UploadDatasetRequest(header=api.DatasetHeader(**header))])


WRONG: dict[str, tuple[Any, str]] = {
    "nan": (lambda: parts(not_finite(np.nan)), "x"),
    "infinity": (lambda: parts(not_finite(-np.inf), chunk=11), "x"),
    "no header": (lambda: iter([api.UploadDatasetRequest(x=b"12345678")]), "header"),
    "nothing": (lambda: iter(()), "header"),
    "two headers": (lambda: iter([*header_only(), *header_only()]), "header"),
    "an end before all is there": (lambda: iter([*parts()][:-1]), "y"),
    "no elements": (header_only, "x"),
    "more than announced": (
        lambda: iter([*parts(), api.UploadDatasetRequest(y=b"12345678")]),
        "y",
    ),
    "x after y": (
        lambda: iter([*[*parts()][:-1], api.UploadDatasetRequest(x=b"12345678")]),
        "x",
    ),
    "y before x": (
        lambda: iter([*header_only(), api.UploadDatasetRequest(y=b"12345678")]),
        "y",
    ),
    "other elements than the digest": (lambda: parts(digest="0" * 64), "header.digest"),
    "no digest": (lambda: parts(digest="abc"), "header.digest"),
    "as many samples": (lambda: parts(X, Y[:99]), "header.y.shape"),
    "no sample": (lambda: parts(X[:0], Y[:0]), "header.x.shape"),
    "a path for a name": (lambda: parts(name="../../mine"), "header.name"),
    "no name": (lambda: parts(name=""), "header.name"),
    "an unknown type": (
        lambda: header_only(x=dataset_pb2.ArraySpec(shape=[1])),
        "header.x.data_type",
    ),
    "a negative size": (
        lambda: header_only(
            x=dataset_pb2.ArraySpec(data_type=tensor_pb2.DATA_TYPE_FLOAT64, shape=[-1, 2])
        ),
        "header.x.shape",
    ),
}


@pytest.mark.parametrize(("requests", "field"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_named_and_nothing_is_stored(
    stub: TrainingServiceStub, stack: Stack, requests: Any, field: str
) -> None:
    before = files(stack), stub.ListDatasets(api.ListDatasetsRequest(), timeout=30)
    refused = refusal(lambda: stub.UploadDataset(requests(), timeout=60))
    assert (refused.code, refused.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_ARGUMENT",
    )
    assert refused.fields[0] == field
    assert (files(stack), stub.ListDatasets(api.ListDatasetsRequest(), timeout=30)) == before


def test_a_data_set_that_is_too_large_is_refused_by_its_header(
    stub: TrainingServiceStub,
) -> None:
    huge = dataset_pb2.ArraySpec(data_type=tensor_pb2.DATA_TYPE_FLOAT64, shape=[100, 2**40])
    refused = refusal(lambda: stub.UploadDataset(header_only(x=huge), timeout=60))
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_LARGE")


def test_a_caller_has_a_budget_of_bytes(client: Client) -> None:
    x = np.zeros((1000, 150))
    client.upload_dataset("half", x, np.arange(1000))
    client.upload_dataset("whole", x + 1, np.arange(1000))
    with pytest.raises(EdunnError) as refused:
        client.upload_dataset("too much", x + 2, np.arange(1000))
    assert refused.value.reason in ("QUOTA", "INVALID_ARGUMENT")
    with pytest.raises(EdunnError) as refused:
        client.upload_dataset("too-much", x + 2, np.arange(1000))
    assert refused.value.reason == "QUOTA"
    client.delete_dataset("half")
    client.upload_dataset("too-much", x + 2, np.arange(1000))
    for name in ("whole", "too-much"):
        client.delete_dataset(name)


def test_an_upload_that_breaks_off_leaves_nothing(stub: TrainingServiceStub, stack: Stack) -> None:
    before = stub.ListDatasets(api.ListDatasetsRequest(), timeout=30).used_bytes
    names = files(stack)
    sending, released = threading.Event(), threading.Event()
    all_parts = [*parts(name="broken")]

    def half() -> Iterator[api.UploadDatasetRequest]:
        yield from all_parts[: len(all_parts) // 2]
        sending.set()
        released.wait(30)

    call = stub.UploadDataset.future(half(), timeout=60)
    assert sending.wait(30)
    call.cancel()
    released.set()
    await_true(lambda: files(stack) == names, "the removal of half a file")
    await_true(
        lambda: stub.ListDatasets(api.ListDatasetsRequest(), timeout=30).used_bytes == before,
        "the return of its bytes",
    )


def test_a_data_set_that_a_training_needs_stays(client: Client) -> None:
    x, y = np.random.default_rng(2).random((200, 64)), np.arange(200) % 10
    client.upload_dataset("needed", x, y)
    with client.session(seed=1) as session:
        training = add_network(session).fit("needed", "loss", "Adam", epochs=100_000)
        for refused in (
            lambda: client.delete_dataset("needed"),
            lambda: client.upload_dataset("needed", x[:9], y[:9], replace=True),
        ):
            with pytest.raises(EdunnError) as error:
                refused()
            assert error.value.reason == "TRAINING_UNDER_WAY"
        training.cancel()
        training.result()
        client.delete_dataset("needed")
        client.upload_dataset("needed", x + 1, y)
        with pytest.raises(EdunnError, match="upload the same elements again") as gone:
            training.resume()
        assert gone.value.reason == "DATASET_NOT_FOUND"
        # The same elements will do, whatever their name.
        client.upload_dataset("again", x, y)
        training.resume()
        with pytest.raises(EdunnError) as used:
            client.delete_dataset("again")
        assert used.value.reason == "TRAINING_UNDER_WAY"
        client.delete_dataset("needed")
        training.cancel()
        assert training.result().state is TrainingState.CANCELLED


def test_artifacts_may_lie_in_an_object_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = np.random.default_rng(3).random((500, 64)), np.arange(500) % 10
    with object_store(monkeypatch):
        settings = {
            "EDUNN_ARTIFACTS": "s3://artifacts/edunn",
            "EDUNN_TRAINING_SLICE_SECONDS": "0.2",
            "EDUNN_TRAINING_HISTORY_SECONDS": "8",
        }
        with (
            Stack(tmp_path, workers=1, others={TRAINING: 1}, environment=settings) as stack,
            Client(stack.address) as client,
            client.session(seed=1) as session,
        ):
            client.upload_dataset("mine", x, y)
            net = add_network(session)
            training = net.fit("mine", "loss", optimizers.Adam(lr=0.01), epochs=40, seed=1)
            store = fsspec.filesystem("s3", skip_instance_cache=True)

            def kinds() -> set[str]:
                store.invalidate_cache()
                return {path.split("/")[3] for path in store.find("artifacts/edunn")}

            await_true(lambda: kinds() == {"datasets", "trainings"}, "a checkpoint in the store")
            assert training.result().progress.share == 1.0
            assert training.save(tmp_path / "m.safetensors").stat().st_size > 1000
            client.delete_dataset("mine")
            assert "datasets" not in kinds()
            # After its time the training is forgotten, with its model.
            await_true(lambda: not list(client.trainings()), "the end of the history")
            with pytest.raises(EdunnError) as gone:
                training.refresh()
            assert gone.value.reason == "TRAINING_NOT_FOUND"
            assert not kinds()
        assert not (tmp_path / "artifacts").exists()
