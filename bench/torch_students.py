"""Answers challenges with PyTorch's layers, losses and optimizers, by its own gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import edunn as nn
from bench.students import run_layer, run_optimizer
from edunn.model import Phase
from edunn_serving.assignments import Check
from worker.judging import Answer, Challenge
from worker.judging.challenges import Array
from worker.judging.subjects import model_of, optimizer_of

Tensors = Mapping[str, Any]


def torch_answer(torch: Any, check: Check, challenge: Challenge) -> Answer | None:
    """Answer a challenge with PyTorch; None if it has no such layer."""
    if check.kind == "optimizer":
        optimizer = _optimizer(torch, optimizer_of(check))
        return None if optimizer is None else run_optimizer(optimizer, challenge)
    if check.kind == "initializer":
        return None
    model = model_of(check)
    compute = _forward_of(torch, model)
    return None if compute is None else run_layer(_Layer(torch, compute, challenge), challenge)


class _Layer:
    """A function of tensors with edunn's conventions, whose backward is PyTorch's."""

    def __init__(self, torch: Any, compute: Callable[..., Any], challenge: Challenge) -> None:
        self.torch, self.compute = torch, compute
        self.given = challenge.parameters
        self.training = True
        self.state: dict[str, Any] = {}

    def set_phase(self, phase: Phase) -> None:
        self.training = phase is Phase.Training

    def forward(self, *inputs: Array) -> Array:
        self.inputs = [_tensor(self.torch, x) for x in inputs]
        self.dtype = inputs[-1].dtype
        self.parameters = {
            # A parameter that was given in a wider dtype holds a number of the narrower.
            name: _tensor(self.torch, value.astype(self.dtype))
            for name, value in self.given.items()
        }
        for leaf in (self.inputs[-1], *self.parameters.values()):
            leaf.requires_grad_(True)
        self.y = self.compute(self.inputs, self.parameters, self.training, self.state)
        return self._array(self.y)

    def backward(self, g: Array) -> tuple[Array, dict[str, Array]]:
        leaves = [self.inputs[-1], *self.parameters.values()]
        of_input, *rest = self.torch.autograd.grad(
            self.y, leaves, _tensor(self.torch, g), retain_graph=True, allow_unused=True
        )
        named = zip(self.parameters, rest, strict=True)
        return self._array(of_input), {name: self._array(each) for name, each in named}

    def _array(self, tensor: Any) -> Array:
        # By way of lists: some pairs of PyTorch and NumPy share no arrays.
        shape = tuple(tensor.shape)
        return np.array(tensor.detach().tolist(), self.dtype).reshape(shape)


def _tensor(torch: Any, array: Array) -> Any:
    dtype = torch.int64 if array.dtype.kind == "i" else getattr(torch, str(array.dtype))
    return torch.tensor(array.tolist(), dtype=dtype).reshape(array.shape)


def _forward_of(torch: Any, model: Any) -> Callable[..., Any] | None:
    """Return (inputs, parameters, training, state) -> output for a layer, if PyTorch has it."""
    if isinstance(model, nn.Sequential):
        parts = {name: _forward_of(torch, layer) for name, layer in model.children.items()}
        return None if None in parts.values() else _chained(parts)
    if isinstance(model, nn.MeanError):
        inner = _forward_of(torch, model.sample_error_layer)
        if inner is None:
            return None
        return lambda *given: inner(*given).mean()
    simple = _functions(torch, model).get(type(model).__name__)
    return simple


def _chained(parts: Mapping[str, Any]) -> Callable[..., Any]:
    def compute(inputs: Any, parameters: Tensors, training: bool, state: dict[str, Any]) -> Any:
        (y,) = inputs
        for name, part in parts.items():
            inner = {
                key[len(name) + 1 : -1]: value
                for key, value in parameters.items()
                if key.startswith(f"{name}(")
            }
            y = part([y], inner, training, state.setdefault(name, {}))
        return y

    return compute


def _functions(torch: Any, model: Any) -> dict[str, Callable[..., Any]]:
    f = torch.nn.functional
    activations = {
        "id": lambda x: x,
        "relu": torch.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softmax": lambda x: f.softmax(x, dim=1),
    }

    def plain(function: Callable[[Any], Any]) -> Callable[..., Any]:
        return lambda inputs, parameters, training, state: function(inputs[0])

    def dense(inputs: Any, parameters: Tensors, training: bool, state: Any) -> Any:
        summed = inputs[0] @ parameters["w"] + parameters["b"]
        return activations[model.activation_name](summed)

    def normalised(inputs: Any, parameters: Tensors, training: bool, state: Any) -> Any:
        (x,) = inputs
        # The statistics stay in double precision, as they are for every batch.
        mean = state.setdefault("mean", torch.zeros(x.shape[1], dtype=torch.float64))
        var = state.setdefault("var", torch.ones(x.shape[1], dtype=torch.float64))
        now = mean.to(x.dtype), var.to(x.dtype)
        y = f.batch_norm(
            x, *now, parameters["w"], parameters["b"], training, model.momentum, model.eps
        )
        state["mean"], state["var"] = now[0].double(), now[1].double()
        return y

    def recurrent(inputs: Any, parameters: Tensors, training: bool, state: Any) -> Any:
        (x,) = inputs
        h = torch.zeros(x.shape[0], model.hidden_dim, dtype=x.dtype)
        outputs = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ parameters["U"].T + h @ parameters["W"].T)
            outputs.append(h @ parameters["V"].T)
        return torch.stack(outputs, dim=1)

    def sequences(inputs: Any, parameters: Tensors, training: bool, state: Any) -> Any:
        truth, y = inputs
        padding = (truth.sum(dim=2) == 0) | (
            truth.argmax(dim=2) == model.pad_index if model.pad_index >= 0 else torch.tensor(False)
        )
        labels = truth.argmax(dim=2).masked_fill(padding, -100)
        if bool(padding.all()):
            return (y * 0).sum()
        return f.cross_entropy(y.flatten(0, 1), labels.flatten(), ignore_index=-100)

    def classes(inputs: Any, parameters: Tensors, training: bool, state: Any) -> Any:
        labels, p = inputs
        logarithms = torch.log(p.clamp_min(torch.finfo(p.dtype).tiny))
        return f.nll_loss(logarithms, labels.reshape(-1), reduction="none").reshape(-1, 1)

    found: dict[str, Callable[..., Any]] = {
        "Identity": plain(lambda x: x * 1),
        "AddConstant": plain(lambda x: x + model.value),
        "MultiplyConstant": plain(lambda x: x * model.value),
        "ReLU": plain(torch.relu),
        "Sigmoid": plain(torch.sigmoid),
        "TanH": plain(torch.tanh),
        "GELU": plain(f.gelu),
        "Flatten": plain(lambda x: x.flatten(1)),
        "Linear": lambda inputs, parameters, *_: inputs[0] @ parameters["w"],
        "Bias": lambda inputs, parameters, *_: inputs[0] + parameters["b"],
        "Dense": dense,
        "LinearRegression": dense,
        "LogisticRegression": dense,
        "BatchNorm": normalised,
        "Dropout": lambda inputs, parameters, training, _: (
            f.dropout(inputs[0], model.p, training) * 1
        ),
        "Conv2d": lambda inputs, parameters, *_: f.conv2d(
            inputs[0], parameters["w"], parameters.get("b"), model.stride, model.padding
        ),
        "MaxPool2d": plain(lambda x: f.max_pool2d(x, model.kernel_size, model.stride)),
        "AvgPool2d": plain(lambda x: f.avg_pool2d(x, model.kernel_size, model.stride)),
        "SquaredError": lambda inputs, *_: (
            (inputs[1] - inputs[0]).square().flatten(1).sum(1, keepdim=True)
        ),
        "CrossEntropyWithLabels": classes,
        "BinaryCrossEntropy": lambda inputs, *_: f.binary_cross_entropy(
            inputs[1], inputs[0].to(inputs[1].dtype).reshape(inputs[1].shape), reduction="none"
        ).reshape(-1, 1),
        "SequenceCrossEntropyWithLabels": sequences,
    }
    if isinstance(model, nn.Softmax) and not model.smoothing:
        found["Softmax"] = plain(lambda x: f.softmax(x, dim=1))
    if isinstance(model, nn.RNN) and model.bptt_truncate is None:
        found["RNN"] = recurrent
    return found


def _optimizer(torch: Any, ours: Any) -> Callable[..., tuple[Any, Any]] | None:
    make: dict[str, Callable[[Any], Any]] = {
        "GradientDescent": lambda p: torch.optim.SGD([p], lr=ours.lr),
        "MomentumGD": lambda p: torch.optim.SGD([p], lr=ours.lr, momentum=ours.gamma),
        "NesterovMomentumGD": lambda p: torch.optim.SGD(
            [p], lr=ours.lr, momentum=ours.gamma, nesterov=True
        ),
        "RMSprop": lambda p: torch.optim.RMSprop([p], lr=ours.lr, alpha=ours.beta, eps=ours.eps),
        "Adam": lambda p: torch.optim.Adam([p], lr=ours.lr, betas=ours.betas, eps=ours.eps),
    }
    if type(ours).__name__ not in make:
        return None

    def step(p: Array, g: Array, state: dict[str, Any]) -> tuple[Array, dict[str, Any]]:
        if not state:
            tensor = _tensor(torch, p).requires_grad_(True)
            state = {"p": tensor, "optimizer": make[type(ours).__name__](tensor)}
        with torch.no_grad():
            state["p"].copy_(_tensor(torch, p))
        state["p"].grad = _tensor(torch, g)
        state["optimizer"].step()
        return np.array(state["p"].tolist(), p.dtype).reshape(p.shape), state

    return step
