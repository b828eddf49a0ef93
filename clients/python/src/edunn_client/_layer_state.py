"""What a layer remembers on the client's side, for the sync and the asyncio client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from google.protobuf.message import Message
from numpy.typing import ArrayLike

from edunn_client import _calls as calls
from edunn_client._calls import Call
from edunn_client._copies import NotCopied
from edunn_client._descriptions import LayerInfo, ParameterInfo
from edunn_client._errors import no_forward
from edunn_client._live_arrays import LiveArrays
from edunn_client._outputs import Output, output_of
from edunn_client._phase import Phase, PhaseLike, decode_phase, encode_phase
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._tensors import (
    Array,
    decode_tensor,
    decode_tensors,
    sendable,
)
from edunn_client._wire import with_tensors

Gradients = tuple[Array, dict[str, Array]]


class NamedForward(Protocol):
    """Something that knows a forward's name: an Output, a Result, an operation of a stream."""

    @property
    def forward_id(self) -> str: ...


# A forward, by its name or by what knows it.
ForwardLike = str | NamedForward


class OfSession(Protocol):
    """What a layer needs of its session."""

    @property
    def session_id(self) -> str: ...
    @property
    def phase(self) -> Phase: ...
    @property
    def _names(self) -> Names: ...


class Names(Protocol):
    """Counts forwards."""

    def next(self, layer: str) -> str: ...


class LayerState(NotCopied):
    """A layer's name, its default phase, its latest forward and its copy of the parameters."""

    frozen = False
    """A frozen layer gives no gradients for its parameters."""

    _instead = "look it up where it is needed, in a session attached to there"

    def __init__(self, session: OfSession, info: LayerInfo) -> None:
        self.info = info
        self._session = session
        self._phase: Phase | None = None
        self._forward_id: str | None = None
        self._forward_phase: Phase | None = None
        # Of the latest forward's output; no shape while a stream has not answered.
        self._output_dtype: np.dtype[Any] | None = None
        self._output_shape: tuple[int, ...] | None = None
        self._arrays = LiveArrays()

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
    def session_id(self) -> str:
        return self._session.session_id

    @property
    def forward_id(self) -> str:
        """The latest forward, which `backward` goes back through; empty before the first."""
        return self._forward_id or ""

    @property
    def forward_phase(self) -> Phase | None:
        """The phase in which the latest forward was computed, as the service says in its answer.

        None before the first; forwards of a stream do not count.
        """
        return self._forward_phase

    @property
    def phase(self) -> Phase:
        """The phase of the forwards that name none, as seen from this object alone."""
        return self._phase or self._session.phase

    @phase.setter
    def phase(self, phase: PhaseLike) -> None:
        self.set_phase(phase)

    def set_phase(self, phase: PhaseLike) -> None:
        """Choose the phase of this object's forwards from now on."""
        self._phase = Phase.of(phase)

    def _phase_of(self, phase: PhaseLike | None) -> Phase:
        return self.phase if phase is None else Phase.of(phase)

    def _next_name(self) -> str:
        """Return a name for a forward, a step or a backward that nothing else of the layer has."""
        return self._session._names.next(self.name)

    def _forward_call(
        self,
        inputs: tuple[ArrayLike, ...],
        phase: PhaseLike | None,
        forward_id: str | None,
        untracked: bool,
    ) -> Call[Output]:
        return self._name_forward(inputs, phase, forward_id, untracked)()

    def _name_forward(
        self,
        inputs: tuple[ArrayLike, ...],
        phase: PhaseLike | None,
        forward_id: str | None,
        untracked: bool,
    ) -> Callable[[], Call[Output]]:
        """Count the forward, and return what makes its call: that may take long, for large inputs.

        What cannot be sent does not count.
        """
        arrays = [sendable(value) for value in inputs]
        settled = self._phase_of(phase)
        if forward_id is None:
            forward_id = self._new_forward_id(settled, untracked)
        request = pb.ForwardRequest(
            session_id=self._session.session_id,
            layer=self.name,
            phase=encode_phase(self._phase if phase is None else phase),
            forward_id=forward_id,
            untracked=untracked,
        )
        # A tracked forward is known to the service by its name. An untracked one is forgotten: in
        # training its repetition would count twice in a BatchNorm's running statistics.
        repeatable = settled is Phase.Test if untracked else bool(forward_id)

        def decode(reply: pb.ForwardResponse) -> Output:
            output = _output(reply, untracked)
            if not untracked:
                self._forward_id = reply.forward_id
                self._forward_phase = output.phase
                self._output_dtype, self._output_shape = output.dtype, output.shape
            return output

        def encode() -> Call[Output]:
            sent = with_tensors(request, [("inputs", array) for array in arrays])
            return Call("Forward", sent, decode, repeatable)

        return encode

    def _new_forward_id(self, phase: Phase, untracked: bool) -> str:
        # Nothing is kept of such a forward, and nothing in it is random: it needs no name.
        return "" if untracked and phase is Phase.Test else self._next_name()

    def _refuse_changed(self) -> None:
        """Refuse an operation of a stream before which what was written into would be sent."""
        changed = self._arrays.changed()
        if changed:
            raise ValueError(
                f"the parameters {', '.join(changed)} of layer {self.name!r} were written into: "
                "call set_parameters with them, a stream cannot"
            )

    def _note_step(self) -> None:
        """Note that the service may have other parameters than those handed out, from now on."""
        self._arrays.outdate()

    def _begin_forward(
        self,
        inputs: tuple[ArrayLike, ...],
        phase: PhaseLike | None,
        forward_id: str | None,
        untracked: bool,
    ) -> Call[Output]:
        """Return a forward for a stream, where backwards are sent before the forward is answered.

        So the forward is the layer's latest from now on, and not once its answer is there.
        """
        self._refuse_changed()
        arrays = tuple(sendable(value) for value in inputs)
        if forward_id is None:
            forward_id = self._new_forward_id(self._phase_of(phase), untracked)
        call = self._forward_call(arrays, phase, forward_id, untracked)
        if not untracked:
            self._forward_id, self._output_shape = forward_id, None
            if arrays:
                self._output_dtype = arrays[-1].dtype.newbyteorder("=")
        return Call(call.method, call.request, lambda reply: _output(reply, untracked), False)

    def _backward_request(
        self, output_gradient: ArrayLike, forward_id: ForwardLike | None, accumulate: bool
    ) -> Message | bytes:
        # A frozen layer has no gradients to keep. Named, an accumulation counts once, even if the
        # request is sent again.
        accumulate = accumulate and not self.frozen
        name = self._name_of(forward_id)
        gradient = sendable(self._as_gradient(output_gradient))
        message = pb.BackwardRequest(
            session_id=self._session.session_id,
            layer=self.name,
            forward_id=name,
            accumulate=accumulate,
            backward_id=self._next_name() if accumulate else "",
        )
        return with_tensors(message, [("output_gradient", gradient)])

    def _name_of(self, forward: ForwardLike | None) -> str:
        if isinstance(forward, str):
            return forward
        if forward is not None:
            if not forward.forward_id:
                raise ValueError(
                    "nothing goes back through this: it is of an untracked forward, "
                    "or not the whole output of one"
                )
            return forward.forward_id
        if self._forward_id is None:
            raise no_forward(self.name)
        return self._forward_id

    def _as_gradient(self, gradient: ArrayLike) -> ArrayLike:
        """Return a gradient as it is sent; a plain number is the gradient of each output."""
        if isinstance(gradient, int | float) and not isinstance(gradient, bool):
            return np.full(self._known_shape(), gradient, self._output_dtype)
        return gradient

    def _known_shape(self) -> tuple[int, ...]:
        if self._output_shape is None:
            raise ValueError(
                f"layer {self.name!r} has no answered forward whose shape a number could take: "
                "give the gradient in the output's shape"
            )
        return self._output_shape

    def _backward_call(
        self, output_gradient: ArrayLike, forward_id: ForwardLike | None, accumulate: bool
    ) -> Call[Gradients]:
        request = self._backward_request(output_gradient, forward_id, accumulate)
        return Call("Backward", request, self._decode_gradients, repeatable=True)

    def _decode_gradients(self, reply: pb.BackwardResponse) -> Gradients:
        parameter_gradients = {} if self.frozen else decode_tensors(reply.parameter_gradients)
        return decode_tensor(reply.input_gradient), parameter_gradients

    def _get_parameters_call(self) -> Call[dict[str, Array]]:
        call = calls.get_parameters(self._session.session_id, self.name)
        return Call(
            call.method,
            call.request,
            lambda reply: self._arrays.hand_out(call.decode(reply)),
            call.repeatable,
        )

    def _set_parameters_call(self, parameters: Mapping[str, ArrayLike]) -> Call[None]:
        call = calls.set_parameters(self._session.session_id, self.name, parameters)
        # Copies, as the caller may go on writing into the arrays while the call is under way.
        sent = {name: np.array(value) for name, value in parameters.items()}
        return Call(call.method, call.request, lambda _: self._arrays.put(sent), call.repeatable)

    def _send_changed_call(self) -> Call[None] | None:
        """Return the call that sends what was written into, if anything was."""
        changed = self._arrays.changed()
        if not changed:
            return None
        call = calls.set_parameters(self._session.session_id, self.name, changed)
        return Call(
            call.method, call.request, lambda _: self._arrays.note_sent(changed), call.repeatable
        )


def _output(reply: pb.ForwardResponse, untracked: bool) -> Output:
    name = "" if untracked else reply.forward_id
    return output_of(decode_tensor(reply.output), name, decode_phase(reply.phase))
