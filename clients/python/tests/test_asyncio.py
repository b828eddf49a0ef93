"""The asyncio client and the running service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edunn_client import (
    AsyncClient,
    Backward,
    CallScope,
    CancelledError,
    Client,
    DeadlineExceededError,
    FailedPreconditionError,
    Forward,
    NotFoundError,
    RetryPolicy,
    TrainingOutcome,
    TrainingState,
    optimizers,
)
from losing_proxy import LosingProxy

X = np.random.default_rng(5).random((4, 10)) + 0.5
G = np.random.default_rng(6).random((4, 10)) + 0.5


def run(address: str, body: Callable[[AsyncClient], Awaitable[None]]) -> None:
    async def main() -> None:
        async with AsyncClient(address) as client:
            await body(client)

    asyncio.run(main())


def test_both_clients_get_the_same_masks(address: str, client: Client) -> None:
    with client.session(seed=4) as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        expected = [drop.forward(X) for _ in range(2)]

    async def body(twin: AsyncClient) -> None:
        async with twin.session(seed=4) as session:
            drop = await session.layer("drop", "Dropout", p=0.5)
            for output in expected:
                assert np.array_equal(await drop.forward(X), output)
                gradient, parameter_gradients = await drop.backward(G)
                assert np.array_equal(gradient == 0, output == 0)
                assert parameter_gradients == {}
        with pytest.raises(NotFoundError):
            await twin.get_session(session.session_id)

    run(address, body)


def test_a_hundred_sessions_at_once_match_their_masks(address: str) -> None:
    async def body(client: AsyncClient) -> None:
        async def one(seed: int) -> bool:
            async with client.session(seed=seed) as session:
                drop = await session.layer("drop", "Dropout", p=0.5)
                output = await drop.forward(X)
                gradient, _ = await drop.backward(G)
                return np.array_equal(gradient, np.where(output == 0, 0, 2 * G))

        assert all(await asyncio.gather(*(one(seed) for seed in range(100))))

    run(address, body)


def test_parameters_phase_and_attaching(address: str) -> None:
    async def body(client: AsyncClient) -> None:
        assert "Linear" in {kind.type for kind in await client.layer_types()}
        session = await client.session()
        linear = await session.layer("l1", "Linear", input_size=10, output_size=3)
        w = (await linear.get_parameters())["w"]
        w[:] = 1
        assert np.allclose(await linear.forward(X), X @ w)
        await linear.set_parameters({"w": 2 * w})
        attached = await client.attach(session.session_id)
        assert np.allclose(await attached.layers["l1"].forward(X), X @ w)
        assert await linear.get_buffers() == {}
        drop = await attached.layer("drop", "Dropout", p=0.5)
        drop.set_phase("test")
        assert np.array_equal(await drop.forward(X), X)
        await session.refresh()
        assert session.layers.keys() == {"l1", "drop"}
        await session.delete()

    run(address, body)


def test_a_lost_answer_costs_no_second_mask(address: str) -> None:
    async def two(client: AsyncClient) -> list[list[float]]:
        async with client.session(seed=12) as session:
            drop = await session.layer("drop", "Dropout", p=0.5)
            return [(await drop.forward(X)).ravel().tolist() for _ in range(2)]

    async def body(client: AsyncClient) -> None:
        expected = await two(client)
        with LosingProxy(address, "Forward", lose=1) as proxy:
            async with AsyncClient(proxy.address, retry=RetryPolicy(first_pause=0.01)) as losing:
                assert await two(losing) == expected

    run(address, body)


def test_a_cancelled_task_cancels_its_call(address: str) -> None:
    async def body(client: AsyncClient) -> None:
        async with client.session() as session:
            drop = await session.layer("drop", "Dropout", p=0.5)
            task = asyncio.create_task(drop.forward(np.ones((1024, 1024))))
            # It sends its call and waits, all in one turn: no answer can have come by then.
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await drop.forward(X)).shape == X.shape

    run(address, body)


def test_compute_is_an_async_iterator(address: str) -> None:
    async def body(client: AsyncClient) -> None:
        async with client.session(seed=9) as session:
            drop = await session.layer("drop", "Dropout", p=0.5)
            operations = [kind(drop, G) for _ in range(50) for kind in (Forward, Backward)]
            values = {}
            async for result in client.compute(operations, in_flight=16):
                assert result.error is None
                values[result.operation] = result.value
            assert len(values) == 100
            for forward, backward in zip(operations[::2], operations[1::2], strict=True):
                assert np.array_equal(values[forward] == 0, values[backward][0] == 0)

    run(address, body)


def test_a_training_from_data_set_to_file(address: str, tmp_path: Path) -> None:
    x = np.random.default_rng(3).random((90, 4))
    y = (x[:, 0] > x[:, 1]).astype(np.int64)

    async def body(client: AsyncClient) -> None:
        stored = await client.upload_dataset("first-is-larger", x, y, replace=True)
        again = await client.upload_dataset("first-is-larger", x, y)
        assert (again.digest, again.x.shape) == (stored.digest, (90, 4))
        assert {"digits", stored.name} <= {each.name for each in await client.datasets()}
        async with client.session(seed=3) as session:
            net = await session.layer(
                "net", "Dense", input_size=4, output_size=2, activation_name="softmax"
            )
            before = {name: array.copy() for name, array in (await net.get_parameters()).items()}
            await session.layer("loss", "CrossEntropyWithLabels")
            how: dict[str, Any] = {
                "epochs": 4,
                "seed": 5,
                "validation_share": 0.2,
                "metrics": ["accuracy"],
            }
            training = await net.fit(stored, "loss", optimizers.Adam(lr=0.05), **how)
            seen = [event async for event in training.events()]
            assert [event.epoch.epoch for event in seen if event.epoch] == [1, 2, 3, 4]
            rest = [event.event_id async for event in training.events(seen[2].event_id)]
            assert rest == [event.event_id for event in seen[3:]]
            ended = await training.watch()
            assert (
                ended.outcome is TrainingOutcome.APPLIED and "accuracy" in ended.results[3].training
            )
            trained = await net.get_parameters()
            assert not np.array_equal(trained["w"], before["w"])
            saved = await training.save(tmp_path / "training.safetensors")
            assert saved.read_bytes()
            found = await client.training(training.training_id)
            assert (await found.result()).state is TrainingState.SUCCEEDED
            assert training.training_id in [info.training_id async for info in client.trainings()]
            path = await net.save(tmp_path / "net.safetensors")
            copy = await session.load(path, name="copy")
            other = await client.load(saved)
            for layer in (copy, other):
                for name, array in (await layer.get_parameters()).items():
                    assert np.array_equal(array, trained[name])
            with pytest.raises(FailedPreconditionError):
                await found.resume()
        await client.delete_dataset(stored.name)
        with pytest.raises(NotFoundError):
            await client.delete_dataset(stored.name)

    run(address, body)


def test_a_training_is_cancelled_and_its_watching_too(address: str) -> None:
    async def body(client: AsyncClient) -> None:
        async with client.session(seed=3) as session:
            net = await session.layer(
                "net", "Dense", input_size=64, output_size=10, activation_name="softmax"
            )
            await session.layer("loss", "CrossEntropyWithLabels")
            training = await net.fit("digits", "loss", "Adam", epochs=100_000)
            with CallScope() as scope, pytest.raises(CancelledError):
                async for _ in training.events():
                    scope.cancel()
            task = asyncio.create_task(training.result())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(DeadlineExceededError):
                await training.result(timeout=0.2)
            await training.cancel()
            assert (await training.result()).state is TrainingState.CANCELLED
            await training.resume()
            await training.cancel()

    run(address, body)
