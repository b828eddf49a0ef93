"""A layer of a session, with the calls of a local edunn layer."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from edunn_client.descriptions import LayerInfo
from edunn_client.phase import PhaseLike
from edunn_client.state import Gradients, LayerState
from edunn_client.tensors import Array

if TYPE_CHECKING:
    from edunn_client.client import Client
    from edunn_client.session import Session


class RemoteLayer(LayerState):
    """A layer that the service computes, made by `Session.layer`.

    It can stand in a local `edunn.Sequential`. The latest forward and the default phase belong to
    this object: threads that share one should name their forwards with `forward_id`, or take an
    object each.
    """

    def __init__(self, client: Client, session: Session, info: LayerInfo) -> None:
        super().__init__(session, info)
        self._client = client
        _register_as_model()

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
        return self._client._run(call, timeout)

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
        return self._client._run(self._backward_call(output_gradient, forward_id), timeout)

    def get_parameters(self, *, timeout: float | None = None) -> dict[str, Array]:
        """Return what the layer learns, by name.

        As with a local layer the arrays may be written into (`p[:] = ...`): before the next forward
        the changed ones are sent.
        """
        return self._get_arrays(timeout, buffers=False)

    def set_parameters(
        self, parameters: Mapping[str, ArrayLike], *, timeout: float | None = None
    ) -> None:
        """Replace parameters or buffers; those left out stay.

        A later backward of an earlier forward then fails with FORWARD_STALE.
        """
        self._client._run(self._set_parameters_call(parameters), timeout)

    def get_buffers(self, *, timeout: float | None = None) -> dict[str, Array]:
        """Return what the layer keeps but does not learn, such as BatchNorm's running means."""
        return self._get_arrays(timeout, buffers=True)

    def set_buffers(
        self, buffers: Mapping[str, ArrayLike], *, timeout: float | None = None
    ) -> None:
        """Replace buffers, under the rules of `set_parameters`."""
        self.set_parameters(buffers, timeout=timeout)

    def n_parameters(self) -> int:
        """Count the numbers that the layer learns."""
        return sum(parameter.size for parameter in self.get_parameters().values())

    def _get_arrays(self, timeout: float | None, buffers: bool) -> dict[str, Array]:
        self._send_changed_parameters(timeout)
        fetched = self._client._run(self._get_parameters_call(), timeout)
        arrays = self._take(fetched)
        if not arrays:
            return {}
        kept = self._client._get_catalogue(timeout).buffers_of(self.info)
        return {name: array for name, array in arrays.items() if (name in kept) is buffers}

    def _send_changed_parameters(self, timeout: float | None) -> None:
        changed = self._changed_parameters()
        if changed:
            self._client._run(self._set_parameters_call(changed), timeout)

    # What edunn's Sequential and check_gradient ask of a layer besides.

    auto_named = False
    rng: np.random.Generator | None = None
    """Without effect: what is random at the service follows from the session's seed."""

    @property
    def label(self) -> str:
        return self.name

    def trained_parameters(self) -> dict[str, Array]:
        """Return the parameters that `backward` gives gradients for: none if frozen."""
        return {} if self.frozen else self.get_parameters()

    def get_cache(self) -> dict[str, Array]:
        """Return which forward the next backward belongs to; the rest stays at the service."""
        return {"forward_id": np.frombuffer(self._forward_id.encode(), np.uint8)}

    def set_cache(self, cache: Mapping[str, Array]) -> None:
        """Go back to an earlier forward."""
        self._forward_id = np.asarray(cache["forward_id"], np.uint8).tobytes().decode()

    def _assign_parameter(self, name: str, value: Array) -> None:
        self.set_parameters({name: value})

    def _assign_buffer(self, name: str, value: Array) -> None:
        self.set_buffers({name: value})


def _register_as_model() -> None:
    """Let edunn take a RemoteLayer for one of its models.

    Its Sequential accepts instances of `edunn.model.Model` only. That is an abstract base class, to
    which a class can be registered; this package does not import edunn, so it does so where the
    program has.
    """
    edunn_model = sys.modules.get("edunn.model")
    if edunn_model is not None:
        edunn_model.Model.register(RemoteLayer)
