"""Optimizer steps on the parameters of a layer in a session."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edunn.errors import ConfigError
from edunn.optimizers.catalogue import build_optimizer
from edunn.optimizers.update_rule import UpdateRule
from edunn_serving.errors import Reason, ServiceError, invalid_arguments
from edunn_serving.internal.v1.state_pb2 import ContextHeader, TrainingBytes
from edunn_serving.requests import nested_too_deeply
from edunn_serving.settings import Settings
from edunn_serving.v1.optimizer_pb2 import OptimizerSpec
from edunn_serving.v1.step_pb2 import StepRequest, StepResponse, TrainStepRequest
from worker.charges import charge_step
from worker.configs import TooDeepError, check_description, plain_config
from worker.gradients import check_finite, forget, reserved_for
from worker.open_session import OpenLayer, OpenSession
from worker.repetitions import (
    NUMBERED,
    STEP,
    check_id,
    digest_of,
    earlier,
    plain_optimizer,
    trace_of,
)
from worker.slots import OPTIMIZER, PARAMETERS, OptimizerState


def run_step(session: OpenSession, request: StepRequest, settings: Settings) -> StepResponse:
    """Change a layer's parameters by one step on the kept gradients."""
    layer = session.layer(request.layer)
    digest = digest_of([], "Step", contents_of_optimizer(request)) if request.step_id else b""
    done = step_done(layer, request.step_id, digest)
    if done is not None:
        return StepResponse(step_id=request.step_id, steps=done.steps)
    kept = layer.ready.gradients
    if not kept.backwards:
        raise ServiceError(
            Reason.NO_GRADIENTS,
            f"the session keeps no gradients for layer {layer.name!r}: call Backward with "
            "accumulate before Step",
            metadata={"layer": layer.name},
        )
    step = Step(session, layer, request, settings)
    session.room.admit(charge_step(layer.model.trained_parameters(), step.rule), settings)
    steps = step.apply(kept.arrays)
    if request.step_id:
        header = ContextHeader(request_digest=digest, steps=steps)
        session.save_trace(layer, trace_of(STEP, request.step_id), header)
    return StepResponse(step_id=request.step_id or f"{NUMBERED}{steps}", steps=steps)


def step_done(layer: OpenLayer, step_id: str, digest: bytes) -> ContextHeader | None:
    """Return what the same step left when it took effect; None if it has not, or has no id.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT: no caller may choose the id. STEP_EXISTS: another step has it.
    """
    if not step_id:
        return None
    check_id("step_id", step_id)
    return earlier(layer, STEP, step_id, digest)


class Step:
    """One step of a layer's optimizer: checked when it is made, and applied later."""

    def __init__(
        self,
        session: OpenSession,
        layer: OpenLayer,
        request: StepRequest | TrainStepRequest,
        settings: Settings,
    ) -> None:
        self._session = session
        self._layer = layer
        given = request.optimizer if request.HasField("optimizer") else None
        present = _present_rule(layer, settings)
        if present is None and given is None:
            raise ServiceError(
                Reason.NO_OPTIMIZER,
                f"layer {layer.name!r} has had no step yet: name an optimizer",
                metadata={"layer": layer.name},
            )
        kept = layer.ready.optimizer
        if given is not None and given != kept.spec:
            self.rule = _build(given, settings)
            self._spec = OptimizerSpec()
            self._spec.CopyFrom(given)
        elif present is not None and kept.spec is not None:
            self.rule, self._spec = present, kept.spec
        is_same = present is not None and _are_same(self.rule, present)
        self._state: Mapping[str, np.ndarray] = kept.arrays if is_same else {}
        self._reserved: TrainingBytes = reserved_for(
            session, layer, settings, optimizer_arrays=self.rule.state_arrays
        )

    def apply(self, gradients: Mapping[str, np.ndarray]) -> int:
        """Apply the step, clear the kept gradients, and return the layer's steps so far.

        Raises
        ------
        ServiceError
            NOT_FINITE: a gradient has a NaN or an infinity. Nothing is changed.
        """
        session, layer = self._session, self._layer
        check_finite(layer, gradients)
        ready = layer.ready
        after, state = self.rule.update(ready.model.get_parameters(), gradients, self._state)
        session.reserve(layer, self._reserved)
        if gradients:
            ready.model.set_parameters({name: after[name] for name in gradients})
            session.save(layer, PARAMETERS)
        steps = ready.optimizer.steps + 1
        ready.optimizer = OptimizerState(self._spec, state, steps, self.rule)
        session.save(layer, OPTIMIZER)
        forget(session, layer)
        return steps


def contents_of_optimizer(request: StepRequest | TrainStepRequest) -> object:
    """Return the optimizer of a request as a part of its contents."""
    return plain_optimizer(request.HasField("optimizer"), request.optimizer)


def _present_rule(layer: OpenLayer, settings: Settings) -> UpdateRule | None:
    """Return the optimizer of the layer's last step; None if there was none."""
    present = layer.ready.optimizer
    if present.rule is None and present.spec is not None:
        present.rule = _build(present.spec, settings)
    return present.rule


def _are_same(one: UpdateRule, other: UpdateRule) -> bool:
    return one is other or (type(one) is type(other) and one.config == other.config)


def _build(spec: OptimizerSpec, settings: Settings) -> UpdateRule:
    check_description(spec, "optimizer", settings)
    try:
        return build_optimizer(spec.type, plain_config(spec.config))
    except TooDeepError as error:
        raise nested_too_deeply("optimizer.config") from error
    except ConfigError as error:
        if error.argument != "type":
            raise invalid_arguments(
                (f"optimizer.config.{path}", text) for path, text in error.violations
            ) from error
        raise ServiceError(
            Reason.OPTIMIZER_TYPE_NOT_FOUND,
            str(error),
            violations=[("optimizer.type", str(error))],
            metadata={"type": spec.type},
        ) from error
