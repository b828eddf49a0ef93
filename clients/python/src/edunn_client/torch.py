"""A remote layer as a torch.nn.Module with autograd. Needs the extra `torch`.

from edunn_client.torch import RemoteModule

module = RemoteModule(session.layer("l1", "Linear", input_size=10, output_size=3))
module(x).sum().backward()
"""

# Where torch is not installed its classes have no types.
# mypy: disable-error-code="misc,untyped-decorator"

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from edunn_client._layer import RemoteLayer
from edunn_client._live_arrays import same_bits
from edunn_client._phase import Phase
from edunn_client._tensors import Array

try:
    import torch
    from torch.autograd.function import once_differentiable
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "edunn_client.torch needs PyTorch: pip install 'edunn-client[torch]'", name=error.name
    ) from error


class RemoteModule(torch.nn.Module):
    """A module whose forward and backward the service computes.

    The layer's parameters become the module's, so that an optimizer finds them; before a forward
    those that have been written into are sent. What PyTorch writes is noticed; after NumPy has
    written into a parameter's memory, call `send_parameters`. Buffers, such as BatchNorm's running
    means, stay with the service: `state_dict` has none. `train()` and `eval()` choose the phase.
    Each forward has a name of its own, so a module may be used several times before the backward,
    by threads too. There is no gradient of a gradient. Tensors travel by the CPU, whatever their
    device.

    Parameters
    ----------
    layer : RemoteLayer
    dtype : torch.dtype, optional
        Of the parameters; otherwise torch's default. The service computes in the inputs' dtype.
    """

    def __init__(self, layer: RemoteLayer, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.layer = layer
        # torch allows no dots in the names of parameters, a layer's name may have them.
        self._own_names: dict[str, str] = {}
        for name, value in layer._learned().items():
            tensor = torch.from_numpy(value.copy()).to(dtype or torch.get_default_dtype())
            self._own_names[name] = name.replace(".", "_")
            self.register_parameter(self._own_names[name], _WatchedParameter(tensor))
        self._sent: dict[str, _Sent] = {}

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Compute the layer's output; a loss takes `y_true` and `y`."""
        parameters = self._named_parameters()
        self._send_changed(parameters)
        tensors = (*inputs, *parameters.values())
        tracked = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
        phase = Phase.Training if self.training else Phase.Test
        settings = _Forward(self.layer, tuple(parameters), phase, untracked=not tracked)
        output: torch.Tensor = _RemoteFunction.apply(settings, *tensors)
        return output

    def extra_repr(self) -> str:
        return repr(self.layer)

    def send_parameters(self) -> None:
        """Send all parameters now, as they are."""
        self._sent.clear()
        self._send_changed(self._named_parameters())

    def _apply(self, fn: Any, *how: Any, **named: Any) -> Any:
        """Do as torch does for `to`, `float` and the like, which set `data` once."""
        applied = super()._apply(fn, *how, **named)
        for parameter in self._named_parameters().values():
            if isinstance(parameter, _WatchedParameter):
                parameter._may_be_written_unseen = False
        return applied

    def _named_parameters(self) -> dict[str, torch.Tensor]:
        return {name: getattr(self, own) for name, own in self._own_names.items()}

    def _send_changed(self, parameters: dict[str, torch.Tensor]) -> None:
        """Send the parameters that are others than the last time."""
        written = {
            name: tensor
            for name, tensor in parameters.items()
            if name not in self._sent or self._sent[name].may_differ_from(tensor)
        }
        # The state is noted first: what another thread writes meanwhile is sent the next time.
        states = {name: _state(tensor) for name, tensor in written.items()}
        # A copy, as the array shares the tensor's memory.
        values = {name: _to_numpy(tensor).copy() for name, tensor in written.items()}
        changed = {
            name: value
            for name, value in values.items()
            if name not in self._sent or not same_bits(value, self._sent[name].value)
        }
        if changed:
            self.layer.set_parameters(changed)
        for name, value in values.items():
            self._sent[name] = _Sent(states[name], value)


class _WatchedParameter(torch.nn.Parameter):
    """A parameter that knows whether it may be written without a change of its version.

    PyTorch counts the writes into a tensor, but not those through what `data` has given.
    """

    _may_be_written_unseen = False

    @property
    def data(self) -> torch.Tensor:
        self._may_be_written_unseen = True
        return _DATA.__get__(self)

    @data.setter
    def data(self, value: torch.Tensor) -> None:
        self._may_be_written_unseen = True
        _DATA.__set__(self, value)


# Of the class in C, whose property that of the parameters hides.
_DATA: Any = torch.Tensor.data


class _Sent(NamedTuple):
    """What has been sent of a parameter."""

    state: tuple[int, int]
    value: Array

    def may_differ_from(self, tensor: torch.Tensor) -> bool:
        """Tell whether the parameter may have been written into since: if so, they are compared."""
        return getattr(tensor, "_may_be_written_unseen", True) or _state(tensor) != self.state


def _state(tensor: torch.Tensor) -> tuple[int, int]:
    """Return what changes with each write that PyTorch sees: the memory, and the writes into it."""
    return tensor.data_ptr(), tensor._version


class _Forward:
    """What a forward needs besides tensors, and what its backward needs to know of it."""

    def __init__(
        self, layer: RemoteLayer, parameters: Sequence[str], phase: Phase, untracked: bool
    ) -> None:
        self.layer = layer
        self.parameters = parameters
        self.phase = phase
        self.untracked = untracked
        # Chosen here and not read from the layer afterwards: another thread may have used it.
        self.forward_id = None if untracked else layer._next_name()


class _RemoteFunction(torch.autograd.Function):
    """Gives autograd the backward that belongs to a forward."""

    @staticmethod
    def forward(ctx: Any, settings: _Forward, *tensors: torch.Tensor) -> torch.Tensor:
        inputs = tensors[: len(tensors) - len(settings.parameters)]
        output = settings.layer.forward(
            *(_to_numpy(tensor) for tensor in inputs),
            phase=settings.phase,
            forward_id=settings.forward_id,
            untracked=settings.untracked,
        )
        ctx.settings = settings
        ctx.tensor_types = [(tensor.dtype, tensor.device) for tensor in tensors]
        return torch.from_numpy(output).to(inputs[-1].device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *output_gradients: torch.Tensor) -> Any:
        settings: _Forward = ctx.settings
        input_gradient, by_name = settings.layer.backward(
            _to_numpy(output_gradients[0]), forward_id=settings.forward_id
        )
        parameter_gradients = [by_name.get(name) for name in settings.parameters]
        # A loss has a gradient for its last input, y, and none for y_true.
        inputs = len(ctx.tensor_types) - len(parameter_gradients)
        gradients: list[Array | None] = [None] * (inputs - 1)
        gradients += [input_gradient, *parameter_gradients]
        return None, *(
            None if gradient is None else torch.from_numpy(gradient).to(dtype=dtype, device=device)
            for gradient, (dtype, device) in zip(gradients, ctx.tensor_types, strict=True)
        )


def _to_numpy(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy()
    return array
