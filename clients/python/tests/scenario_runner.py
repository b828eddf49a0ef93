"""Runs one scenario of clients/conformance through the sync or the asyncio client alike."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import AsyncIterator, Mapping
from typing import Any

import numpy as np
from edunn_client import (
    AsyncClient,
    AsyncRemoteLayer,
    Client,
    EdunnError,
    LayerInfo,
    MeanLoss,
    RemoteLayer,
    StepCount,
    TrainingEvent,
    optimizers,
)
from edunn_client._tensors import Array

Json = Mapping[str, Any]

DTYPES = frozenset({"bool", "int32", "int64", "float32", "float64"})
TOLERANCES = {"float32": (1e-6, 1e-5), "float64": (1e-11, 1e-9)}


async def settled(value: Any) -> Any:
    """Return the outcome of a call of either client: the asyncio client's are awaited."""
    return await value if inspect.isawaitable(value) else value


async def told(events: Any) -> AsyncIterator[TrainingEvent]:
    """Yield what either client tells of a training."""
    if isinstance(events, AsyncIterator):
        async for event in events:
            yield event
    else:
        for event in events:
            yield event


def unknown_layer(
    client: Client | AsyncClient, session: Any, info: LayerInfo
) -> RemoteLayer | AsyncRemoteLayer:
    """Return a layer that the service will not find."""
    if isinstance(client, Client):
        return RemoteLayer(client._caller, session, info)
    return AsyncRemoteLayer(client._caller, session, info)


class ScenarioRunner:
    """A session and the steps that are run in it."""

    def __init__(self, client: Client | AsyncClient) -> None:
        self._client = client
        self._session: Any = None

    async def run(self, scenario: Json) -> None:
        """Run a scenario; an AssertionError says which step failed and how."""
        only(scenario, "name", "session", "steps")
        self._session = await settled(self._client.session(**session_arguments(scenario)))
        try:
            for at, step in enumerate(scenario["steps"]):
                try:
                    await self._run_step(step)
                except Exception as error:
                    error.add_note(f"in step {at} ({step['call']}) of {scenario['name']!r}")
                    raise
        finally:
            await settled(self._session.delete())

    async def _run_step(self, step: Json) -> None:
        if step["call"] == "stream":
            await self._stream(step)
            return
        call = getattr(self, f"_{step['call']}")
        try:
            answer = await call(**without(step, "call", "expect", "expect_error"))
        except EdunnError as error:
            check_error(error, step)
        else:
            check_answer(answer, step)

    def _layer(self, name: str) -> Any:
        """Return the session's layer, or one that the service will not find."""
        known = self._session.layers
        if name not in known:
            info = LayerInfo(name=name, type="", config={}, parameters=())
            unknown = unknown_layer(self._client, self._session, info)
            # So that its backward is sent, too.
            unknown._forward_id = ""
            return unknown
        return known[name]

    async def _add_layer(
        self,
        layer: str,
        type: str,
        config: Json | None = None,
        parameters: Json | None = None,
    ) -> Json:
        await settled(
            self._session.layer(layer, type, parameters=arrays(parameters or {}), **(config or {}))
        )
        return {}

    async def _forward(self, layer: str, inputs: list[Json], **how: Any) -> Json:
        target = self._layer(layer)
        answer = {"output": await settled(target.forward(*map(array, inputs), **how))}
        if not how.get("untracked"):
            answer |= {"forward_id": target.forward_id, "phase": target.forward_phase.value}
        return answer

    async def _backward(self, layer: str, output_gradient: Json, **which: Any) -> Json:
        return gradients(
            await settled(self._layer(layer).backward(array(output_gradient), **which))
        )

    async def _step(
        self, layer: str, optimizer: Json | None = None, step_id: str | None = None
    ) -> Json:
        step = self._layer(layer).step(optimizer_of(optimizer), step_id=step_id)
        return outcome(await settled(step))

    async def _train_step(
        self,
        layer: str,
        inputs: list[Json],
        target: Json,
        loss: str,
        optimizer: Json | None = None,
        step_id: str | None = None,
    ) -> Json:
        step = self._layer(layer).train_step(
            tuple(map(array, inputs)),
            array(target),
            self._layer(loss),
            optimizer_of(optimizer),
            step_id=step_id,
        )
        return outcome(await settled(step))

    async def _fit(
        self,
        layer: str,
        loss: str,
        optimizer: Json,
        seed: str | None = None,
        cancel: bool = False,
        resume: bool = False,
        **what: Any,
    ) -> Json:
        target, numbered = self._layer(layer), None if seed is None else int(seed)
        training = await settled(
            target.fit(loss=loss, optimizer=optimizer_of(optimizer), seed=numbered, **what)
        )
        epochs: list[int] = []
        state = ""
        async for event in told(training.events()):
            if event.started is not None and cancel:
                await settled(training.cancel())
            if event.epoch is not None:
                epochs.append(event.epoch.epoch)
            if event.ended is not None:
                state = event.ended.state.name.lower()
        if resume:
            await settled(training.resume())
        return {"epochs": epochs, "state": state}

    async def _clear_gradients(self, layer: str) -> Json:
        await settled(self._layer(layer).clear_gradients())
        return {}

    async def _get_parameters(self, layer: str) -> Json:
        return {"parameters": await settled(self._layer(layer).get_parameters())}

    async def _set_parameters(self, layer: str, parameters: Json) -> Json:
        await settled(self._layer(layer).set_parameters(arrays(parameters)))
        return {}

    async def _set_phase(self, layer: str, phase: str) -> Json:
        self._layer(layer).set_phase(phase)
        return {}

    async def _get_session(self) -> Json:
        info = await settled(self._session.refresh())
        return {
            "layers": [layer.name for layer in info.layers],
            "seed": str(info.seed),
            "phase": info.phase.value,
        }

    async def _create_session(self, session_id: str) -> Json:
        second = await settled(self._client.session(session_id=session_id))
        await settled(second.delete())
        return {}

    async def _delete_session(self) -> Json:
        await settled(self._session.delete())
        return {}

    async def _list_layer_types(self) -> Json:
        kinds = await settled(self._client.layer_types())
        return {"types": [kind.type for kind in kinds]}

    async def _list_optimizer_types(self) -> Json:
        kinds = await settled(self._client.optimizer_types())
        return {"types": [kind.type for kind in kinds]}

    async def _stream(self, step: Json) -> None:
        only(step, "call", "operations")
        if isinstance(self._client, Client):
            with self._client.stream() as stream:
                sent = [self._send(stream, operation) for operation in step["operations"]]
        else:
            async with self._client.stream() as twin:
                sent = [self._send(twin, operation) for operation in step["operations"]]
        for operation, (future, answer) in zip(step["operations"], sent, strict=True):
            error = future.exception()
            if error is None and operation["kind"] == "forward":
                check_answer({**answer, "output": future.result()}, operation)
            elif error is None:
                check_answer(outcome(future.result()), operation)
            elif isinstance(error, EdunnError):
                check_error(error, operation)
            else:
                raise error

    def _send(self, stream: Any, operation: Json) -> tuple[Any, Json]:
        target = self._layer(operation["layer"])
        how = without(operation, "kind", "layer", "expect", "expect_error")
        optimizer = optimizer_of(how.pop("optimizer", None))
        match operation["kind"]:
            case "forward":
                future = stream.forward(target, *map(array, how.pop("inputs")), **how)
                return future, {} if how.get("untracked") else {"forward_id": target.forward_id}
            case "backward":
                return stream.backward(target, array(how.pop("output_gradient")), **how), {}
            case "step":
                return stream.step(target, optimizer, **how), {}
            case "train_step":
                inputs, truth = tuple(map(array, how.pop("inputs"))), array(how.pop("target"))
                loss = how.pop("loss")
                return stream.train_step(target, inputs, truth, loss, optimizer, **how), {}
            case unknown:
                raise AssertionError(f"no such kind: {unknown}")


def session_arguments(scenario: Json) -> dict[str, Any]:
    """Return what `Client.session` takes."""
    given = dict(scenario.get("session", {}))
    only(given, "seed", "phase", "ttl_seconds", "session_id")
    if "seed" in given:
        given["seed"] = int(given["seed"])
    if "ttl_seconds" in given:
        given["ttl"] = given.pop("ttl_seconds")
    return given


def optimizer_of(described: Json | None) -> Any:
    """Return a typed configuration, or the name of a type that this client does not know."""
    if described is None:
        return None
    only(described, "type", "config")
    kind = getattr(optimizers, described["type"], None)
    return described["type"] if kind is None else kind(**described.get("config", {}))


def outcome(answer: Any) -> Json:
    """Return what a backward or a step gave."""
    if isinstance(answer, MeanLoss):
        return {"step_id": answer.step_id, "steps": answer.steps, "loss": answer.loss}
    if isinstance(answer, StepCount):
        return {"step_id": answer.step_id, "steps": answer.steps}
    return gradients(answer)


def gradients(answer: tuple[Array, dict[str, Array]]) -> Json:
    return {"input_gradient": answer[0], "parameter_gradients": answer[1]}


def check_answer(answer: Json, step: Json) -> None:
    assert "expect_error" not in step, f"expected {step['expect_error']}, and it succeeded"
    for key, expected in step.get("expect", {}).items():
        assert key in answer, f"this client's answer has no {key!r}"
        got = answer[key]
        if key in ("output", "input_gradient"):
            check_tensor(got, expected, key)
        elif key in ("parameters", "parameter_gradients"):
            assert got.keys() == expected.keys(), key
            for name, tensor in expected.items():
                check_tensor(got[name], tensor, f"{key}[{name}]")
        elif key == "types":
            assert set(expected) <= set(got), key
        else:
            assert got == expected, key


def check_error(error: EdunnError, step: Json) -> None:
    if "expect_error" not in step:
        raise error
    expected = step["expect_error"]
    only(expected, "code", "reason", "fields", "retry")
    got = {
        "code": error.code.name,
        "reason": error.reason,
        "fields": sorted(violation.field for violation in error.violations),
        "retry": error.retry_delay is not None,
    }
    expected = (
        {**expected, "fields": sorted(expected["fields"])} if "fields" in expected else expected
    )
    assert {key: got[key] for key in expected} == expected, str(error)


def check_tensor(got: Array, expected: Json, what: str) -> None:
    only(expected, "dtype", "shape", "data", "sha256")
    assert expected["dtype"] in DTYPES, f"no such dtype: {expected['dtype']}"
    assert (got.dtype.name, list(got.shape)) == (expected["dtype"], expected["shape"]), what
    if "sha256" in expected:
        assert digest(got) == expected["sha256"], what
        return
    wanted = array(expected)
    absolute, relative = TOLERANCES.get(got.dtype.name, (0.0, 0.0))
    np.testing.assert_allclose(got, wanted, rtol=relative, atol=absolute, err_msg=what)


def digest(value: Array) -> str:
    """Return the SHA-256 of the elements in C order, little-endian."""
    return hashlib.sha256(value.astype(value.dtype.newbyteorder("<")).tobytes()).hexdigest()


def array(tensor: Json) -> Array:
    assert tensor["dtype"] in DTYPES, f"no such dtype: {tensor['dtype']}"
    return np.array(tensor["data"], tensor["dtype"]).reshape(tensor["shape"])


def arrays(tensors: Json) -> dict[str, Array]:
    return {name: array(tensor) for name, tensor in tensors.items()}


def without(step: Json, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in step.items() if key not in keys}


def only(given: Json, *keys: str) -> None:
    """Fail on what this runner does not know: it would go unchecked."""
    assert given.keys() <= set(keys), f"unknown: {given.keys() - set(keys)}"
