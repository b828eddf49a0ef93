"""A layer of a session, with the calls of a local edunn layer."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from edunn_client._caller import Caller
from edunn_client._descriptions import LayerInfo
from edunn_client._errors import no_forward
from edunn_client._layer_state import ForwardLike, Gradients, OfSession
from edunn_client._outputs import Output
from edunn_client._phase import PhaseLike
from edunn_client._steps import (
    Inputs,
    LossLike,
    MeanLoss,
    OptimizerLike,
    StepCount,
    clear_gradients_call,
    step_call,
    train_step_call,
)
from edunn_client._tensors import Array
from edunn_client._tracebacks import ends_in_caller
from edunn_client._trainable_layer import TrainableLayer


class RemoteLayer(TrainableLayer):
    """A layer that the service computes, made by `Session.layer`.

    It can stand in a local `edunn.Sequential`. The latest forward and the default phase belong to
    this object: threads that share one should name their forwards with `forward_id`, or take an
    object each.
    """

    def __init__(self, caller: Caller, session: OfSession, info: LayerInfo) -> None:
        super().__init__(session, info)
        self._caller = caller
        _register_as_model()

    @ends_in_caller
    def forward(
        self,
        *inputs: ArrayLike,
        phase: PhaseLike | None = None,
        forward_id: str | None = None,
        untracked: bool = False,
        timeout: float | None = None,
    ) -> Output:
        """Compute the layer's output.

        Parameters
        ----------
        *inputs : array_like
            One for a layer, its first axis the batch; `y_true` and `y` for a loss.
        phase : optional
            For this forward alone; otherwise that of `set_phase`, or else the session's.
        forward_id : str, optional
            Names the forward for `backward`; otherwise the client counts. The empty string leaves
            the name to the service; such a forward is not made again when the connection breaks,
            as that could draw a second mask.
        untracked : bool
            No backward will follow: the service keeps nothing.
        timeout : float, optional
            Seconds, all attempts together; otherwise the client's. Infinity is no deadline.

        Returns
        -------
        Output
            An ndarray in the data type of the input, with the forward's `forward_id` and `phase`.
        """
        self._send_changed(timeout)
        call = self._forward_call(inputs, phase, forward_id, untracked)
        return self._caller.run(call, timeout)

    @ends_in_caller
    def backward(
        self,
        output_gradient: ArrayLike = 1.0,
        *,
        forward_id: ForwardLike | None = None,
        accumulate: bool = False,
        timeout: float | None = None,
    ) -> Gradients:
        """Compute the gradients of this object's latest forward, or of the one named.

        Parameters
        ----------
        output_gradient : array_like, the shape of the forward's output
            A plain number is the gradient of each output: 1 is what a loss is begun with.
        forward_id : str, Output, Result or Forward, optional
            The forward, by its name or by what knows it.
        accumulate : bool
            Keep the parameter gradients at the service for the next step, added to those kept
            already; none are returned then.

        Returns
        -------
        input_gradient : ndarray, the shape of the input
            For a loss, with respect to `y`.
        parameter_gradients : dict of str to ndarray
            Empty for a layer without parameters, and if they are kept.

        Raises
        ------
        FailedPreconditionError
            NO_FORWARD: this object has made no forward yet. FORWARD_STALE: the parameters have
            changed since. CONTEXT_EVICTED: the session had no room for the forward any longer.
        """
        call = self._backward_call(output_gradient, forward_id, accumulate)
        return self._caller.run(call, timeout)

    @ends_in_caller
    def step(
        self,
        optimizer: OptimizerLike | None = None,
        *,
        step_id: str | None = None,
        timeout: float | None = None,
    ) -> StepCount:
        """Change the parameters by one optimizer step on the kept gradients, and clear these.

        Parameters
        ----------
        optimizer : optional
            A typed configuration such as `optimizers.Adam(lr=0.01)`, a local `edunn` optimizer, or
            the name of a type. Left out, that of the last step. Another one than that of the last
            step begins anew.
        step_id : str, optional
            Names the step, so that a repetition is no second step; otherwise the client counts. The
            empty string leaves the name to the service; such a step is not made again when the
            connection breaks.

        Returns
        -------
        StepCount
            The steps of the layer so far, with the step's `step_id`.

        Raises
        ------
        FailedPreconditionError
            NO_GRADIENTS: no backward has accumulated any. NOT_FINITE: one has a NaN or an infinity,
            and nothing is changed. NO_OPTIMIZER: there was no step before.
        """
        self._send_changed(timeout)
        return self._caller.run(step_call(self, optimizer, step_id), timeout)

    @ends_in_caller
    def train_step(
        self,
        x: Inputs,
        y: ArrayLike,
        loss: LossLike,
        optimizer: OptimizerLike | None = None,
        *,
        step_id: str | None = None,
        timeout: float | None = None,
    ) -> MeanLoss:
        """Run forward, loss, backward and step in one call, in the training phase.

        Parameters
        ----------
        x : array_like, or a tuple of them
            What the layer takes.
        y : array_like
            The truth that the loss compares the output with.
        loss : RemoteLayer or str
            A loss layer of the same session, or its name.
        optimizer, step_id : optional
            As for `step`.

        Returns
        -------
        MeanLoss
            The mean of the samples' losses before the step, with `steps` and `step_id`.
        """
        self._send_changed(timeout)
        return self._caller.run(train_step_call(self, x, y, loss, optimizer, step_id), timeout)

    @ends_in_caller
    def clear_gradients(self, *, timeout: float | None = None) -> None:
        """Forget the gradients that the service keeps for the next step."""
        self._caller.run(clear_gradients_call(self), timeout)

    @ends_in_caller
    def get_parameters(self, *, timeout: float | None = None) -> dict[str, Array]:
        """Return what the layer learns and its buffers (such as BatchNorm's statistics), by name.

        As with a local layer the arrays may be written into (`p[:] = ...`): before the next forward
        the changed ones are sent. They stay the same arrays; a later call brings them up to date.
        """
        self._send_changed(timeout)
        return self._caller.run(self._get_parameters_call(), timeout)

    @ends_in_caller
    def set_parameters(
        self, parameters: Mapping[str, ArrayLike], *, timeout: float | None = None
    ) -> None:
        """Replace parameters or buffers, in the data types that they have; those left out stay.

        A later backward of an earlier forward then fails with FORWARD_STALE, unless only buffers
        were replaced.
        """
        self._caller.run(self._set_parameters_call(parameters), timeout)

    @ends_in_caller
    def get_buffers(self, *, timeout: float | None = None) -> dict[str, Array]:
        """Return what the layer keeps but does not learn, such as BatchNorm's running means."""
        return self._kept(self.get_parameters(timeout=timeout), True, timeout)

    @ends_in_caller
    def set_buffers(
        self, buffers: Mapping[str, ArrayLike], *, timeout: float | None = None
    ) -> None:
        """Replace buffers, under the rules of `set_parameters`."""
        self.set_parameters(buffers, timeout=timeout)

    @ends_in_caller
    def n_parameters(self) -> int:
        """Count the numbers that the layer learns."""
        return sum(parameter.size for parameter in self._learned().values())

    def _learned(self) -> dict[str, Array]:
        return self._kept(self.get_parameters(), False, None)

    def _kept(
        self, arrays: dict[str, Array], buffers: bool, timeout: float | None
    ) -> dict[str, Array]:
        """Return the buffers among the arrays, or the others."""
        if not arrays:
            return {}
        names = self._caller.catalogue(timeout).buffers_of(self.info)
        return {name: array for name, array in arrays.items() if (name in names) is buffers}

    # What edunn's Sequential and check_gradient ask of a layer besides.

    auto_named = False
    rng: np.random.Generator | None = None
    """Without effect: what is random at the service follows from the session's seed."""

    @property
    def label(self) -> str:
        return self.name

    def trained_parameters(self) -> dict[str, Array]:
        """Return the parameters that `backward` gives gradients for: none if frozen."""
        return {} if self.frozen else self._learned()

    def get_cache(self) -> dict[str, Array]:
        """Return which forward the next backward belongs to; the rest stays at the service."""
        if self._forward_id is None:
            raise no_forward(self.name)
        return {"forward_id": np.frombuffer(self._forward_id.encode(), np.uint8)}

    def set_cache(self, cache: Mapping[str, Array]) -> None:
        """Go back to an earlier forward."""
        self._forward_id = np.asarray(cache["forward_id"], np.uint8).tobytes().decode()

    def _assign_parameter(self, name: str, value: Array) -> None:
        self.set_parameters({name: value})

    def _assign_buffer(self, name: str, value: Array) -> None:
        self.set_buffers({name: value})


class RemoteLoss(RemoteLayer):
    """A remote layer that is a loss, among local ones: `edunn.MeanError(loss)`, `optimize`."""

    def _as_gradient(self, gradient: ArrayLike) -> ArrayLike:
        # A local loss gives its gradient in the dtype of `y`, whatever floats it was given.
        array = np.asarray(super()._as_gradient(gradient))
        return array.astype(self._output_dtype or array.dtype) if array.dtype.kind == "f" else array


def remote_layer(caller: Caller, session: OfSession, info: LayerInfo) -> RemoteLayer:
    """Return the object for a layer: where edunn is imported, a loss is one of its losses too."""
    if "edunn.losses.loss" not in sys.modules or not caller.catalogue().is_loss(info):
        return RemoteLayer(caller, session, info)
    return RemoteLoss(caller, session, info)


def _register_as_model() -> None:
    """Let edunn take a RemoteLayer for one of its models.

    Its Sequential accepts instances of `edunn.model.Model` only. That is an abstract base class, to
    which a class can be registered; this package does not import edunn, so it does so where the
    program has.
    """
    model, losses = sys.modules.get("edunn.model"), sys.modules.get("edunn.losses.loss")
    if model is not None:
        model.Model.register(RemoteLayer)
    if losses is not None:
        losses.Loss.register(RemoteLoss)
