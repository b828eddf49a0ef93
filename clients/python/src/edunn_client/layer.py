"""A layer of a session, with the calls of a local edunn layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import ArrayLike

from edunn_client.calls import Call
from edunn_client.descriptions import LayerInfo
from edunn_client.phase import PhaseLike
from edunn_client.state import Gradients, LayerState, SessionState
from edunn_client.tensors import Array

Run = Callable[[Call[Any], float | None], Any]


class RemoteLayer(LayerState):
    """A layer that the service computes, made by `Session.layer`.

    The latest forward and the default phase belong to this object: threads that share one should
    name their forwards with `forward_id`, or take an object each.
    """

    def __init__(self, session: SessionState, info: LayerInfo, run: Run) -> None:
        super().__init__(session, info)
        self._run = run

    def forward(
        self,
        *inputs: ArrayLike,
        phase: PhaseLike | None = None,
        forward_id: str | None = None,
        untracked: bool = False,
        timeout: float | None = None,
    ) -> Array:
        """Compute the layer's output.

        Parameters
        ----------
        *inputs : array_like
            One for a layer, its first axis the batch; `y_true` and `y` for a loss.
        phase : optional
            For this forward alone; otherwise that of `set_phase`, or else the session's.
        forward_id : str, optional
            Names the forward for `backward`; otherwise the client counts. The empty string leaves
            the name to the service; such a forward is not tried again when the connection breaks,
            as that could draw a second mask.
        untracked : bool
            No backward will follow: the service keeps nothing.
        timeout : float, optional
            Seconds, all attempts together; otherwise the client's.

        Returns
        -------
        ndarray
            In the data type of the input.
        """
        self._send_changed_parameters(timeout)
        call = self._forward_call(inputs, phase, forward_id, untracked)
        output: Array = self._run(call, timeout)
        return output

    def backward(
        self,
        output_gradient: ArrayLike,
        *,
        forward_id: str | None = None,
        timeout: float | None = None,
    ) -> Gradients:
        """Compute the gradients of the latest forward, or of the one named.

        Parameters
        ----------
        output_gradient : array_like, the shape of the forward's output

        Returns
        -------
        input_gradient : ndarray, the shape of the input
            For a loss, with respect to `y`.
        parameter_gradients : dict of str to ndarray
            Empty for a layer without parameters.
        """
        gradients: Gradients = self._run(self._backward_call(output_gradient, forward_id), timeout)
        return gradients

    def get_parameters(self, *, timeout: float | None = None) -> dict[str, Array]:
        """Return the parameters and buffers by name.

        As with a local layer they may be written into (`p[:] = ...`): before the next forward the
        changed ones are sent.
        """
        self._send_changed_parameters(timeout)
        parameters: dict[str, Array] = self._run(self._get_parameters_call(), timeout)
        return parameters

    def set_parameters(
        self, parameters: Mapping[str, ArrayLike], *, timeout: float | None = None
    ) -> None:
        """Replace parameters or buffers; those left out stay.

        A later backward of an earlier forward then fails with FORWARD_STALE.
        """
        self._run(self._set_parameters_call(parameters), timeout)

    def _send_changed_parameters(self, timeout: float | None) -> None:
        changed = self._changed_parameters()
        if changed:
            self._run(self._set_parameters_call(changed), timeout)
