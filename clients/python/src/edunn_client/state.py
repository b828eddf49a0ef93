"""What a session and a layer remember on the client's side, for the sync and the asyncio client."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from edunn_client import calls
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client.calls import Call
from edunn_client.descriptions import LayerInfo, ParameterInfo, SessionInfo
from edunn_client.phase import Phase, PhaseLike, decode_phase, encode_phase
from edunn_client.tensors import Array, decode_tensor, decode_tensors, encode_tensor

Gradients = tuple[Array, dict[str, Array]]


class SessionState:
    """A session's name and the counting of its forwards.

    The client names every forward itself, so that a call that got no answer can be made again
    without a second mask. Who created the session counts `c1`, `c2` and so on for each layer: the
    same seed and the same calls give the same masks. Who attached to a session of somebody else
    puts a random word before the count, as two counts of the same names could meet: at best that
    is an error, at worst (the same input twice) a mask shared by two forwards.
    """

    def __init__(self, info: SessionInfo, created: bool) -> None:
        self.info = info
        self._prefix = "c" if created else f"{secrets.token_hex(6)}-"
        self._counts: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
        self._lock = threading.Lock()

    @property
    def session_id(self) -> str:
        return self.info.session_id

    @property
    def phase(self) -> Phase:
        """The phase of the forwards that name none."""
        return self.info.phase

    @property
    def seed(self) -> int:
        """The seed given, or the one that the service drew."""
        return self.info.seed

    def next_forward_id(self, layer: str) -> str:
        with self._lock:
            return f"{self._prefix}{next(self._counts[layer])}"


class LayerState:
    """A layer's name, its default phase, its latest forward and its copy of the parameters."""

    frozen = False
    """A frozen layer gives no gradients for its parameters."""

    def __init__(self, session: SessionState, info: LayerInfo) -> None:
        self.info = info
        self._session = session
        self._phase: Phase | None = None
        self._forward_id = ""
        self._forward_phase: Phase | None = None
        # What get_parameters handed out, and those values as the service has them.
        self._parameters: dict[str, Array] = {}
        self._known: dict[str, Array] = {}

    def __repr__(self) -> str:
        return f"<{self.type} {self.name!r} of session {self._session.session_id!r}>"

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def type(self) -> str:
        return self.info.type

    @property
    def config(self) -> dict[str, Any]:
        return self.info.config

    @property
    def parameter_info(self) -> tuple[ParameterInfo, ...]:
        """The parameters and buffers without their values."""
        return self.info.parameters

    @property
    def forward_id(self) -> str:
        """The latest forward, which `backward` goes back through; empty before the first."""
        return self._forward_id

    @property
    def forward_phase(self) -> Phase | None:
        """The phase in which the latest forward was computed, as the service says in its answer.

        None before the first; forwards of a stream do not count.
        """
        return self._forward_phase

    @property
    def phase(self) -> Phase:
        """The phase of the forwards that name none."""
        return self._phase or self._session.phase

    def set_phase(self, phase: PhaseLike) -> None:
        """Choose the phase of this layer's forwards from now on, as seen from this client alone."""
        self._phase = Phase.of(phase)

    def _phase_of(self, phase: PhaseLike | None) -> Phase:
        return self.phase if phase is None else Phase.of(phase)

    def _next_forward_id(self) -> str:
        return self._session.next_forward_id(self.name)

    def _forward_request(
        self,
        inputs: tuple[ArrayLike, ...],
        phase: PhaseLike | None,
        forward_id: str | None,
        untracked: bool,
    ) -> pb.ForwardRequest:
        # First, so that what cannot be sent does not count.
        tensors = [encode_tensor(value) for value in inputs]
        if forward_id is None:
            # Nothing is kept of such a forward, and nothing in it is random: it needs no name.
            unnamed = untracked and self._phase_of(phase) is Phase.Test
            forward_id = "" if unnamed else self._next_forward_id()
        return pb.ForwardRequest(
            session_id=self._session.session_id,
            layer=self.name,
            inputs=tensors,
            phase=encode_phase(self._phase if phase is None else phase),
            forward_id=forward_id,
            untracked=untracked,
        )

    def _forward_call(
        self,
        inputs: tuple[ArrayLike, ...],
        phase: PhaseLike | None,
        forward_id: str | None,
        untracked: bool,
    ) -> Call[Array]:
        request = self._forward_request(inputs, phase, forward_id, untracked)

        def decode(reply: pb.ForwardResponse) -> Array:
            if not untracked:
                self._forward_id = reply.forward_id
                self._forward_phase = decode_phase(reply.phase)
            return decode_tensor(reply.output)

        # A tracked forward is known to the service by its name. An untracked one is forgotten: in
        # training its repetition would count twice in a BatchNorm's running statistics.
        named = bool(request.forward_id) and not untracked
        pure = untracked and self._phase_of(phase) is Phase.Test
        return Call("Forward", request, decode, repeatable=named or pure)

    def _begin_forward(
        self,
        inputs: tuple[ArrayLike, ...],
        phase: PhaseLike | None,
        forward_id: str | None,
        untracked: bool,
    ) -> Call[Array]:
        """Return a forward for a stream, where backwards are sent before the forward is answered.

        So the forward is the layer's latest from now on, and not once its answer is there.
        """
        changed = self._changed_parameters()
        if changed:
            raise ValueError(
                f"the parameters {', '.join(changed)} of layer {self.name!r} were written into: "
                "call set_parameters with them, a stream cannot"
            )
        request = self._forward_request(inputs, phase, forward_id, untracked)
        if not untracked:
            self._forward_id = request.forward_id
        return Call("Forward", request, lambda reply: decode_tensor(reply.output), False)

    def _backward_request(
        self, output_gradient: ArrayLike, forward_id: str | None
    ) -> pb.BackwardRequest:
        if isinstance(output_gradient, int):
            # The gradient of a loss is often written as a plain 1.
            output_gradient = float(output_gradient)
        return pb.BackwardRequest(
            session_id=self._session.session_id,
            layer=self.name,
            forward_id=self._forward_id if forward_id is None else forward_id,
            output_gradient=encode_tensor(output_gradient),
        )

    def _backward_call(self, output_gradient: ArrayLike, forward_id: str | None) -> Call[Gradients]:
        request = self._backward_request(output_gradient, forward_id)
        return Call("Backward", request, self._decode_gradients, repeatable=True)

    def _decode_gradients(self, reply: pb.BackwardResponse) -> Gradients:
        parameter_gradients = {} if self.frozen else decode_tensors(reply.parameter_gradients)
        return decode_tensor(reply.input_gradient), parameter_gradients

    def _get_parameters_call(self) -> Call[dict[str, Array]]:
        return calls.get_parameters(self._session.session_id, self.name)

    def _set_parameters_call(self, parameters: Mapping[str, ArrayLike]) -> Call[None]:
        call = calls.set_parameters(self._session.session_id, self.name, parameters)
        # Copies, as the caller may go on writing into the arrays while the call is under way.
        sent = {name: np.array(value) for name, value in parameters.items()}

        def decode(_reply: pb.SetParametersResponse) -> None:
            self._take({name: value for name, value in sent.items() if name in self._known})

        return Call(call.method, call.request, decode, call.repeatable)

    def _changed_parameters(self) -> dict[str, Array]:
        """Return the handed-out parameters that the caller has written into since."""
        return {
            name: array
            for name, array in self._parameters.items()
            if not np.array_equal(array, self._known[name], equal_nan=array.dtype.kind == "f")
        }

    def _take(self, fresh: dict[str, Array]) -> dict[str, Array]:
        """Note the service's values, in the arrays handed out before wherever they still fit."""
        for name, value in fresh.items():
            held = self._parameters.get(name)
            if held is not None and held.shape == value.shape and held.dtype == value.dtype:
                held[...] = value
            else:
                self._parameters[name] = value.copy()
            self._known[name] = value
        return {name: self._parameters[name] for name in fresh}
