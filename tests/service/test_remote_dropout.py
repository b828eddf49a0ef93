"""The main job: a Dropout forward and its backward."""

from __future__ import annotations

import numpy as np
from contract import array, backward, forward, new_session, spec
from edunn_client import Client

from edunn_serving.v1 import layer_pb2
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub

DROP = spec("drop", "Dropout", p=0.5)
X = np.random.default_rng(1).uniform(1, 2, (2, 10))
G = np.random.default_rng(2).uniform(1, 2, (2, 10))


def test_training_zeroes_or_doubles_each_input(stub: LayerServiceStub) -> None:
    y = array(forward(stub, new_session(stub, DROP, seed=1), "drop", X).output)
    kept = y != 0
    assert 0 < kept.sum() < X.size
    np.testing.assert_array_equal(y[kept], 2 * X[kept])


def test_backward_reuses_the_mask_of_its_forward(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    y = array(forward(stub, session, "drop", X).output)
    gradient = array(backward(stub, session, "drop", G).input_gradient)
    np.testing.assert_array_equal(gradient, np.where(y != 0, 2 * G, 0))


def test_phase_field_of_one_request_chooses_test_for_it_alone(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    answer = forward(stub, session, "drop", X, phase=layer_pb2.PHASE_TEST)
    assert answer.phase == layer_pb2.PHASE_TEST
    np.testing.assert_array_equal(array(answer.output), X)
    np.testing.assert_array_equal(array(backward(stub, session, "drop", G).input_gradient), G)
    assert forward(stub, session, "drop", X).phase == layer_pb2.PHASE_TRAINING


def test_session_phase_is_the_default_of_its_forwards(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP, phase=layer_pb2.PHASE_TEST)
    np.testing.assert_array_equal(array(forward(stub, session, "drop", X).output), X)


def test_several_forwards_keep_a_mask_each(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    answers = [forward(stub, session, "drop", X) for _ in range(3)]
    assert [answer.forward_id for answer in answers] == ["#1", "#2", "#3"]
    for answer in answers:
        gradient = backward(stub, session, "drop", G, forward_id=answer.forward_id).input_gradient
        np.testing.assert_array_equal(array(gradient) != 0, array(answer.output) != 0)


def test_same_seed_and_same_calls_give_same_masks(stub: LayerServiceStub) -> None:
    first, second = (
        [array(forward(stub, session, "drop", X).output) for _ in range(3)]
        for session in (new_session(stub, DROP, seed=7), new_session(stub, DROP, seed=7))
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[0], first[1])


def test_other_seed_gives_another_mask(stub: LayerServiceStub) -> None:
    outputs = [
        array(forward(stub, new_session(stub, DROP, seed=seed), "drop", X).output)
        for seed in (1, 2)
    ]
    assert not np.array_equal(outputs[0], outputs[1])


def test_repeated_forward_id_gives_same_answer_and_one_context(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    first = forward(stub, session, "drop", X, forward_id="mine")
    forward(stub, session, "drop", X)
    assert forward(stub, session, "drop", X, forward_id="mine") == first


def test_backward_is_repeatable(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    forward(stub, session, "drop", X)
    assert backward(stub, session, "drop", G) == backward(stub, session, "drop", G)


def test_data_type_of_the_input_is_kept(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    for dtype in (np.float16, np.float32, np.float64):
        assert array(forward(stub, session, "drop", X.astype(dtype)).output).dtype == dtype
        gradient = backward(stub, session, "drop", G.astype(dtype)).input_gradient
        assert array(gradient).dtype == dtype


def test_hundred_parallel_sessions_match_their_own_masks(client: Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def run(seed: int) -> bytes:
        rng = np.random.default_rng(seed)
        x, g = rng.uniform(1, 2, (2, 8, 64))
        with client.session(seed=seed) as session:
            layer = session.layer("drop", "Dropout", p=0.5)
            y = layer.forward(x)
            gradient, _ = layer.backward(g)
        np.testing.assert_array_equal(y, np.where(gradient != 0, 2 * x, 0))
        np.testing.assert_array_equal(gradient, np.where(y != 0, 2 * g, 0))
        return np.not_equal(y, 0).tobytes()

    with ThreadPoolExecutor(32) as threads:
        masks = list(threads.map(run, range(100)))
    assert len(set(masks)) == 100
