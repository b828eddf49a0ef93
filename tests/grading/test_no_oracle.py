"""The service does not answer an open assignment's challenges itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import grpc
import numpy as np
import numpy.typing as npt
import pytest
from attempting import Documents, put
from callers import As
from edunn_client import Backward, Client, EdunnError, Forward, Session, optimizers
from edunn_client.grading import ForwardStep

from edunn_serving.v1.layer_pb2 import LayerSpec
from edunn_serving.v1.layer_service_pb2 import CreateSessionRequest
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from edunn_serving.v1.training_service_pb2 import StartTrainingRequest
from edunn_serving.v1.training_service_pb2_grpc import TrainingServiceStub
from standalone.stack import Stack

SGD = optimizers.GradientDescent(lr=0.1)
SOFTMAX = "  - {id: softmax, layer: Softmax}"
# One database is enough, and the other tests' assignments of Dropout are open.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
x = np.linspace(-1.0, 1.0, 24).reshape(4, 6)


@pytest.fixture
def session_of(graded_stack: Stack) -> Iterator[Callable[[str], Session]]:
    opened: list[Client] = []

    def open_session(name: str) -> Session:
        opened.append(Client(graded_stack.address, token=f"token-of-{name}"))
        return opened[-1].session(seed=1)

    yield open_session
    for client in opened:
        client.close()


@pytest.fixture
def softmax(as_: As, documents: Documents) -> Iterator[str]:
    """An open assignment of Softmax for ana alone."""
    name = as_("teacher").put_assignment(documents("students: [ana]", checks=SOFTMAX)).assignment
    yield name
    as_("teacher").delete_assignment(name, "nn101")


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(EdunnError) as caught:
        call()
    return caught.value.reason


def test_a_student_cannot_make_a_layer_that_an_open_assignment_asks_for(
    softmax: str, session_of: Callable[[str], Session]
) -> None:
    ana = session_of("ana")
    layers = [
        lambda: ana.layer("s", "Softmax"),
        lambda: ana.layer("n", "Sequential", layers=[{"type": "Softmax"}]),
        lambda: ana.layer("m", "Sequential", layers=["Softmax"]),
        lambda: ana.layer("d", "Dense", input_size=2, output_size=2, activation_name="softmax"),
    ]
    assert [reason(each) for each in layers] == ["LAYER_TYPE_CLOSED"] * 4
    ana.layer("relu", "TanH").forward(x)
    session_of("ben").layer("s", "Softmax").forward(x)
    session_of("teacher").layer("s", "Softmax").forward(x)


def test_a_layer_from_before_cannot_be_called_either(
    graded_stack: Stack, session_of: Callable[[str], Session], request: pytest.FixtureRequest
) -> None:
    ana = session_of("ana")
    layer = ana.layer("s", "Softmax")
    other = ana.layer("t", "TanH")
    layer.forward(x)
    request.getfixturevalue("softmax")
    assert reason(lambda: layer.forward(x)) == "LAYER_TYPE_CLOSED"
    assert reason(lambda: layer.backward(x)) == "LAYER_TYPE_CLOSED"
    other.forward(x)
    with Client(graded_stack.address, token="token-of-ana") as client:
        results = list(client.compute([Forward(layer, x), Forward(other, x), Backward(other, x)]))
    training = StartTrainingRequest()
    training.spec.session_id, training.spec.layer = ana.session_id, "s"
    with grpc.insecure_channel(graded_stack.address) as channel:
        start = TrainingServiceStub(channel).StartTraining
        with pytest.raises(grpc.RpcError, match="write it yourself"):
            start(training, metadata=[("authorization", "Bearer token-of-ana")], timeout=30)
    reasons = {r.error.reason if r.error else "" for r in results}
    assert reasons == {"LAYER_TYPE_CLOSED", ""}


def test_an_assignment_that_allows_calls_or_is_not_open_closes_nothing(
    as_: As, documents: Documents, session_of: Callable[[str], Session]
) -> None:
    teacher = as_("teacher")
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    teacher.put_assignment(documents("students: [ana]", "allow_calls: true", checks=SOFTMAX))
    session_of("ana").layer("s", "Softmax").forward(x)
    name = teacher.put_assignment(
        documents("students: [ana]", f"opens: {later}", checks=SOFTMAX)
    ).assignment
    session_of("ana").layer("s", "Softmax").forward(x)
    teacher.delete_assignment(name, "nn101")


def test_an_input_of_a_live_challenge_is_refused_to_anybody_and_noted(
    as_: As, softmax: str, session_of: Callable[[str], Session]
) -> None:
    attempt = as_("ana").start_attempt(softmax)
    inputs = [s.inputs[0] for s in attempt.challenges[0].steps if isinstance(s, ForwardStep)]
    given = max(inputs, key=lambda each: each.size)
    layer = session_of("ben").layer("s", "Softmax")
    for changed in (given, given.astype(np.float32), np.vstack([np.ones_like(given), -2 * given])):
        assert reason(partial(layer.forward, changed)) == "CHALLENGE_INPUT"
    layer.forward(given + 1.0)
    layer.forward(np.zeros((2, 3)))
    notice = as_("teacher").list_notices("nn101")[0]
    assert (notice.attempt_id, notice.student) == (attempt.attempt_id, "ana")
    assert "'ben' has sent" in notice.text
    # Answered challenges are nobody's secret.
    as_("ana").submit_answers(attempt.attempt_id, {})


def test_a_session_that_is_made_anew_is_looked_at_anew(
    tmp_path: Path, graded_stack: Stack, softmax: str, session_of: Callable[[str], Session]
) -> None:
    file = session_of("teacher").layer("s", "Softmax").save(tmp_path / "softmax.safetensors")
    ana = session_of("ana")
    ana.layer("a", "TanH").forward(x)
    ana.delete()
    with Client(graded_stack.address, token="token-of-ana") as client:
        again = client.session(session_id=ana.session_id, seed=1)
        layer = again.load(file, name="a")
        assert reason(lambda: layer.forward(x)) == "LAYER_TYPE_CLOSED"


def test_a_loss_that_an_open_assignment_asks_for_is_closed_to_training_too(
    as_: As, documents: Documents, session_of: Callable[[str], Session]
) -> None:
    ana = session_of("ana")
    layer, loss = ana.layer("t", "Identity"), ana.layer("e", "SquaredError")
    name = put(as_, documents("students: [ana]", checks="  - {id: loss, loss: SquaredError}"))
    assert reason(lambda: layer.train_step(x, x, loss, SGD)) == "LAYER_TYPE_CLOSED"
    as_("teacher").delete_assignment(name, "nn101")
    layer.train_step(x, x, loss, SGD)


def test_an_optimizer_that_an_open_assignment_asks_for_is_closed(
    as_: As, documents: Documents, session_of: Callable[[str], Session]
) -> None:
    ana = session_of("ana")
    layer, loss = ana.layer("b", "Bias", output_size=6), ana.layer("e", "SquaredError")
    adam = optimizers.Adam(lr=0.1)
    layer.train_step(x, x, loss, adam)
    name = put(as_, documents("students: [ana]", checks="  - {id: adam, optimizer: Adam}"))
    assert reason(lambda: layer.train_step(x, x, loss, adam)) == "LAYER_TYPE_CLOSED"
    layer.forward(x)
    layer.backward(x, accumulate=True)
    # The layer's optimizer is still Adam.
    assert reason(layer.step) == "LAYER_TYPE_CLOSED"
    assert reason(lambda: layer.step(adam)) == "LAYER_TYPE_CLOSED"
    layer.step(SGD)
    as_("teacher").delete_assignment(name, "nn101")


def test_a_first_call_at_another_server_is_checked(graded_stack: Stack, softmax: str) -> None:
    request = CreateSessionRequest(layers=[LayerSpec(name="s", type="Softmax")])
    with grpc.insecure_channel(graded_stack.add_server()) as channel:
        create = LayerServiceStub(channel).CreateSession
        with pytest.raises(grpc.RpcError, match="write it yourself"):
            create(request, metadata=[("authorization", "Bearer token-of-ana")], timeout=60)


def test_a_data_set_with_an_input_of_a_live_challenge_is_refused_and_noted(
    as_: As, softmax: str, graded_stack: Stack
) -> None:
    attempt = as_("ana").start_attempt(softmax)
    inputs = [s.inputs[0] for s in attempt.challenges[0].steps if isinstance(s, ForwardStep)]
    given = max(inputs, key=lambda each: each.shape[1])[:1]
    others = np.random.default_rng(0).normal(size=(1000, given.shape[1]))
    mixed = np.vstack([others, 3.0 * given, others])
    labels = np.zeros(len(mixed), np.int64)
    with Client(graded_stack.address, token="token-of-root") as client:
        uploads: dict[str, tuple[npt.ArrayLike, npt.ArrayLike]] = {
            "as-x": (mixed, labels),
            "as-y": (np.ones((len(mixed), 2)), mixed),
            "narrow": (mixed.astype(np.float32), labels),
        }
        for name, (inputs_of, truth) in uploads.items():
            upload = partial(client.upload_dataset, name, inputs_of, truth)
            assert reason(upload) == "CHALLENGE_INPUT"
            notice = as_("teacher").list_notices("nn101")[0]
            assert notice.attempt_id == attempt.attempt_id and "'root' has sent" in notice.text
        assert uploads.keys().isdisjoint(each.name for each in client.datasets())
        client.upload_dataset("others", np.vstack([others, others]), labels[:-1])
        client.delete_dataset("others")
    as_("ana").submit_answers(attempt.attempt_id, {})
