"""The client and the running service."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import numpy as np
import pytest
from edunn_client import (
    AlreadyExistsError,
    Backward,
    Client,
    DeadlineExceededError,
    EdunnError,
    FailedPreconditionError,
    Forward,
    InvalidArgumentError,
    NotFoundError,
    Phase,
    RetryPolicy,
)
from edunn_client.walkthrough import walkthrough
from losing_proxy import LosingProxy

X = np.random.default_rng(5).random((4, 10)) + 0.5
G = np.random.default_rng(6).random((4, 10)) + 0.5


def test_walkthrough_holds(client: Client) -> None:
    lines: list[str] = []
    assert len(walkthrough(client, lines.append, seed=3)) == 9
    assert sum("  ok  " in line for line in lines) == 9


def test_the_catalogue_describes_dropout(client: Client) -> None:
    catalogue = {kind.type: kind for kind in client.layer_types()}
    (p,) = catalogue["Dropout"].config_fields
    assert (p.name, p.type, p.default, p.required) == ("p", "float", 0.5, False)
    assert catalogue["Dropout"].inputs == ("x",)
    assert {each.name for each in catalogue["Linear"].parameters} == {"w"}


def test_the_same_seed_and_calls_give_the_same_masks(client: Client) -> None:
    outputs = []
    for _ in range(2):
        with client.session(seed=11) as session:
            drop = session.layer("drop", "Dropout", p=0.5)
            outputs.append([drop.forward(X) for _ in range(3)])
    assert np.array_equal(outputs[0], outputs[1])
    assert not np.array_equal(outputs[0][0], outputs[0][1])


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_answer_costs_no_second_mask(client: Client, address: str, lost: int) -> None:
    with client.session(seed=12) as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        expected = [drop.forward(X) for _ in range(3)]
    with (
        LosingProxy(address, "Forward", lose=lost) as proxy,
        Client(proxy.address, retry=RetryPolicy(first_pause=0.01)) as losing,
        losing.session(seed=12) as session,
    ):
        drop = session.layer("drop", "Dropout", p=0.5)
        outputs = [drop.forward(X) for _ in range(3)]
        gradient, _ = drop.backward(G)
        assert proxy.left_to_lose == 0
    assert np.array_equal(outputs, expected)
    assert np.array_equal(gradient, np.where(outputs[2] == 0, 0, 2 * G))


def test_set_phase_goes_with_every_request(client: Client) -> None:
    with client.session() as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        assert drop.phase is Phase.Training
        drop.set_phase(Phase.Test)
        assert np.array_equal(drop.forward(X), X)
        assert not np.array_equal(drop.forward(X, phase="training"), X)
        assert client.get_session(session.session_id).phase is Phase.Training


def test_the_sessions_phase_is_the_default(client: Client) -> None:
    with client.session(phase="test") as session:
        assert np.array_equal(session.layer("drop", "Dropout").forward(X), X)


def test_micro_batches_keep_their_own_masks(client: Client) -> None:
    with client.session() as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        outputs = {name: drop.forward(X, forward_id=name) for name in ("a", "b", "c")}
        for name in ("b", "a", "c"):
            gradient, _ = drop.backward(G, forward_id=name)
            assert np.array_equal(gradient == 0, outputs[name] == 0)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes_are_kept(client: Client, dtype: str) -> None:
    with client.session() as session:
        linear = session.layer("l1", "Linear", input_size=10, output_size=3)
        output = linear.forward(X.astype(dtype))
        gradient, parameter_gradients = linear.backward(np.ones_like(output))
        assert {output.dtype.name, gradient.dtype.name} == {dtype}
        assert parameter_gradients["w"].shape == (10, 3)


def test_sixty_four_mebibytes_travel_both_ways(client: Client) -> None:
    x = np.ones((8, 1024, 1024))
    with client.session() as session:
        relu = session.layer("relu", "ReLU")
        assert np.array_equal(relu.forward(x, untracked=True), x)


def test_parameters_written_into_are_sent_before_the_next_forward(client: Client) -> None:
    with client.session(seed=1) as session:
        linear = session.layer("l1", "Linear", input_size=10, output_size=3)
        w = linear.get_parameters()["w"]
        linear.forward(X)
        _, gradients = linear.backward(np.ones((4, 3)))
        w[:] = w - 0.1 * gradients["w"]
        assert np.allclose(linear.forward(X), X @ w)
        assert linear.get_parameters()["w"] is w


def test_a_parameter_set_makes_earlier_forwards_stale(client: Client) -> None:
    with client.session() as session:
        w = np.arange(30.0).reshape(10, 3)
        linear = session.layer("l1", "Linear", input_size=10, output_size=3, parameters={"w": w})
        assert np.allclose(linear.forward(X), X @ w)
        linear.set_parameters({"w": 2 * w})
        with pytest.raises(FailedPreconditionError) as caught:
            linear.backward(np.ones((4, 3)))
        assert caught.value.reason == "FORWARD_STALE"
        assert np.allclose(linear.forward(X), X @ (2 * w))


def test_a_sequential_is_one_layer(client: Client) -> None:
    layers: list[dict[str, Any]] = [
        {"name": "l1", "type": "Linear", "config": {"input_size": 10, "output_size": 3}},
        {"name": "r", "type": "ReLU"},
    ]
    with client.session() as session:
        net = session.layer("net", "Sequential", layers=layers)
        (name,) = net.get_parameters()
        w = net.get_parameters()[name]
        assert name == "l1(w)"
        assert np.allclose(net.forward(X), np.maximum(X @ w, 0))
        _, gradients = net.backward(np.ones((4, 3)))
        assert gradients.keys() == {"l1(w)"}


def test_a_session_ends_with_its_block(client: Client) -> None:
    with client.session() as session:
        pass
    with pytest.raises(NotFoundError) as caught:
        client.get_session(session.session_id)
    assert caught.value.reason == "SESSION_NOT_FOUND"


def test_an_attached_session_lives_on_and_knows_its_layers(client: Client) -> None:
    with client.session(
        ttl=60, session_id=f"attach-{np.random.default_rng().integers(1 << 40)}"
    ) as session:
        drop = session.layer("drop", "Dropout", p=0.25)
        with client.attach(session.session_id) as attached:
            other = attached.layers["drop"]
            assert (other.type, other.config) == ("Dropout", {"p": 0.25})
            first, second = drop.forward(X), other.forward(X)
            assert drop.forward_id != other.forward_id
            for layer, output in ((drop, first), (other, second)):
                gradient, _ = layer.backward(G)
                assert np.array_equal(gradient == 0, output == 0)
        info = client.get_session(session.session_id)
        assert info.ttl == 60
        assert timedelta() < info.expire_time - datetime.now(UTC) <= timedelta(seconds=61)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_that_does_not_fit_is_named(client: Client, seed: int) -> None:
    with pytest.raises(ValueError, match=r"seed must be .* not -?\d+"):
        client.session(seed=seed)


BAD: list[tuple[Any, type[EdunnError], str]] = [
    (lambda s: s.layer("x", "Dropuot"), NotFoundError, "Dropout"),
    (lambda s: s.layer("x", "Dropout", p=1.5), InvalidArgumentError, "p"),
    (lambda s: s.layer("x", "Dropout", p="half"), InvalidArgumentError, "p"),
    (lambda s: s.layer("x", "Dropout", p=float("nan")), InvalidArgumentError, "p"),
    (lambda s: s.layer("drop", "Dropout"), AlreadyExistsError, "drop"),
    (lambda s: s.layers["drop"].backward(G), FailedPreconditionError, "drop"),
    (lambda s: s.layers["drop"].backward(G, forward_id="?"), NotFoundError, "drop"),
    (lambda s: s.layers["drop"].forward([1, 2]), InvalidArgumentError, "int64"),
    (lambda s: s.layers["drop"].forward(X, X), InvalidArgumentError, "inputs"),
]


@pytest.mark.parametrize(("call", "kind", "word"), BAD)
def test_bad_calls_are_explained_and_do_no_harm(
    client: Client, call: Any, kind: type[EdunnError], word: str
) -> None:
    with client.session() as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        with pytest.raises(kind, match=word) as caught:
            call(session)
        assert caught.value.reason or caught.value.violations
        output = drop.forward(X)
        gradient, _ = drop.backward(G)
        assert np.array_equal(gradient == 0, output == 0)


def test_the_field_at_fault_is_named(client: Client) -> None:
    with client.session() as session, pytest.raises(InvalidArgumentError) as caught:
        session.layer("drop", "Dropout", p=1.5)
    assert [violation.field for violation in caught.value.violations] == ["layer.config.p"]


def test_a_forward_id_is_not_taken_twice_with_other_inputs(client: Client) -> None:
    with client.session() as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        assert np.array_equal(drop.forward(X, forward_id="f"), drop.forward(X, forward_id="f"))
        with pytest.raises(AlreadyExistsError):
            drop.forward(G, forward_id="f")


def test_a_deadline_too_short_is_a_typed_error(client: Client) -> None:
    with client.session() as session, pytest.raises(DeadlineExceededError):
        session.layer("drop", "Dropout").forward(X, timeout=1e-6)


def test_a_hundred_sessions_at_once_match_their_masks(client: Client) -> None:
    def run(seed: int) -> bool:
        with client.session(seed=seed) as session:
            drop = session.layer("drop", "Dropout", p=0.5)
            output = drop.forward(X)
            gradient, _ = drop.backward(G)
            return np.array_equal(gradient, np.where(output == 0, 0, 2 * G))

    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(run, range(100)))


def test_a_stream_computes_what_calls_compute(client: Client) -> None:
    with client.session(seed=9) as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        expected = [(drop.forward(X), drop.backward(G)[0]) for _ in range(20)]
    with client.session(seed=9) as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        skip_without_compute(client)
        with client.stream() as stream:
            futures = [(stream.forward(drop, X), stream.backward(drop, G)) for _ in range(20)]
        for (output, gradient), (forward, backward) in zip(expected, futures, strict=True):
            assert np.array_equal(forward.result(), output)
            assert np.array_equal(backward.result()[0], gradient)


def test_compute_yields_values_and_errors(client: Client) -> None:
    skip_without_compute(client)
    with client.session(seed=9) as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        operations = [Forward(drop, X), Backward(drop, G), Forward(drop, [1, 2]), Forward(drop, X)]
        results = {result.operation: result for result in client.compute(operations)}
        assert np.array_equal(
            results[operations[0]].value == 0, results[operations[1]].value[0] == 0
        )
        assert isinstance(results[operations[2]].error, InvalidArgumentError)
        assert results[operations[3]].error is None


def skip_without_compute(client: Client) -> None:
    with client.session() as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        try:
            with client.stream() as stream:
                stream.forward(drop, X).result()
        except EdunnError as error:
            if error.code is not grpc.StatusCode.UNIMPLEMENTED:
                raise
            pytest.skip("the service has no Compute yet")
