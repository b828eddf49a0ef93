"""Linear maps and constants by another operation than the one asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from worker.judging.challenges import Floats
from worker.judging.formulas.activations import AddConstant, MultiplyConstant
from worker.judging.formulas.formula import Formula
from worker.judging.formulas.images import Conv2d
from worker.judging.formulas.linear import Bias, Dense, Linear
from worker.judging.mistakes.picked import Function, Picked, each_through
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact

# Of an input x and the constant c.
_WITH_CONSTANT: dict[str, Callable[[Floats, float], Floats]] = {
    "the power x^c": lambda x, c: x**c,
    "the power |x|^c": lambda x, c: np.abs(x) ** c,
    "the power |x|^c with the sign of x": lambda x, c: np.copysign(np.abs(x) ** c, x),
    "the power c^x": lambda x, c: np.exp(x * np.log(c)),
    "the power |c|^x": lambda x, c: np.exp(x * np.log(np.abs(c))),
    "the remainder of x and c": lambda x, c: x % c,
    "the whole quotient x // c": lambda x, c: x // c,
    "the quotient c / x": lambda x, c: c / x,
    "the larger of x and c": lambda x, c: np.maximum(x, c),
    "the smaller of x and c": lambda x, c: np.minimum(x, c),
    "x c + c": lambda x, c: x * c + c,
    "x + c x + c": lambda x, c: x + c * x + c,
    "x² c": lambda x, c: x * x * c,
    "|x| c": lambda x, c: np.abs(x) * c,
    "|x| + c": lambda x, c: np.abs(x) + c,
    "c alone": lambda x, c: np.full_like(x, c),
    "x c²": lambda x, c: x * c * c,
    "x where it is larger than c": lambda x, c: np.where(x > c, x, 0.0),
}


class _WithConstant(Picked):
    def candidates(self) -> Iterator[tuple[str, Function]]:
        return each_through(_WITH_CONSTANT, self._with_constant)

    def _with_constant(self, function: Callable[[Floats, float], Floats], x: Floats) -> Floats:
        return function(x, self.setting("value"))


@mistake(
    "constant-used-otherwise",
    "The input x and the constant c are put together in another way: it is {got}.",
    "La entrada x y la constante c se combinan de otra manera: es {got}.",
    of=(AddConstant, MultiplyConstant),
)
class ConstantOtherwise(_WithConstant):
    pass


def _products(x: Floats, w: Floats) -> Floats:
    """Return each input times each of its weights, shape (samples, inputs, outputs)."""
    return x[:, :, np.newaxis] * w


# Of inputs x and weights w.
_WITH_WEIGHTS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "the product of the positive inputs": lambda x, w: np.maximum(x, 0) @ w,
    "the product of x²": lambda x, w: (x * x) @ w,
    "the product of |x|": lambda x, w: np.abs(x) @ w,
    "the product of 1 / x": lambda x, w: (1 / x) @ w,
    "the product of x / |x|": lambda x, w: np.sign(x) @ w,
    "the product of the inputs in reverse": lambda x, w: x[:, ::-1] @ w,
    "the product of x, each sample centred": lambda x, w: (x - x.mean(1, keepdims=True)) @ w,
    "the product of x, each feature centred": lambda x, w: (x - x.mean(0)) @ w,
    "the product of x, each feature centred and divided by its deviation": lambda x, w: (
        (x - x.mean(0)) / x.std(0) @ w
    ),
    "the product of the sum of all samples": lambda x, w: np.tile(x.sum(0) @ w, (len(x), 1)),
    "the product of the mean of all samples": lambda x, w: np.tile(x.mean(0) @ w, (len(x), 1)),
    "the largest of the products": lambda x, w: _products(x, w).max(axis=1),
    "the smallest of the products": lambda x, w: _products(x, w).min(axis=1),
    "the product of the products": lambda x, w: _products(x, w).prod(axis=1),
    "the sum of the products' magnitudes": lambda x, w: np.abs(_products(x, w)).sum(axis=1),
    "the first of the products": lambda x, w: x[:, :1] * w[0],
    "the last of the products": lambda x, w: x[:, -1:] * w[-1],
    "the sum of x + w": lambda x, w: (x[:, :, np.newaxis] + w).sum(axis=1),
    "the sum of (x - w)²": lambda x, w: np.square(x[:, :, np.newaxis] - w).sum(axis=1),
    "the sum of |x - w|": lambda x, w: np.abs(x[:, :, np.newaxis] - w).sum(axis=1),
    "the distance of x and w": lambda x, w: np.sqrt(np.square(x[:, :, np.newaxis] - w).sum(axis=1)),
    "the sum of x / w": lambda x, w: (x[:, :, np.newaxis] / w).sum(axis=1),
    "the sum of x times the first row of w": lambda x, w: x.sum(1, keepdims=True) * w[0],
    "the mean of x times the mean of w": lambda x, w: x.mean(1, keepdims=True) * w.mean(0),
    "the mean of x times the sum of w": lambda x, w: x.mean(1, keepdims=True) * w.sum(0),
    "the cosine of x and w": lambda x, w: (
        x @ w / np.linalg.norm(x, axis=1, keepdims=True) / np.linalg.norm(w, axis=0)
    ),
    "the product, over the norm of x": lambda x, w: (
        x @ w / np.linalg.norm(x, axis=1, keepdims=True)
    ),
    "the product, over its norm": lambda x, w: x @ w / np.linalg.norm(x @ w, axis=1, keepdims=True),
    "the product of whole numbers": lambda x, w: np.trunc(x) @ np.trunc(w),
    "the product of x without its fraction": lambda x, w: np.trunc(x) @ w,
}


@mistake(
    "product-another-operation",
    "The output is the matrix product x @ w; here it is {got}.",
    "La salida es el producto de matrices x @ w; aquí es {got}.",
)
class AnotherOperation(Picked, Linear):
    def candidates(self) -> Iterator[tuple[str, Function]]:
        if self.parameters["w"].value.size > _MOST_WEIGHTS:
            return
        yield from each_through(_WITH_WEIGHTS, self._with_weights)

    def _with_weights(self, function: Callable[[Floats, Floats], Floats], x: Floats) -> Floats:
        return function(x, self.parameters["w"].value)


# Of more weights, all products with the inputs would take long.
_MOST_WEIGHTS = 5000
# How many samples there must be besides those that the weights are found in.
_SPARE = 2
_ALIKE, _EXACT, _ROOM = 1e-4, 1e-6, 64.0


@mistake(
    "weights-otherwise",
    "The output is x times another matrix than w: use the parameter that is there, as it is.",
    "La salida es x por otra matriz que w: usa el parámetro que está, tal cual.",
)
class OtherWeights(Linear):
    """Finds the matrix that gives what was answered to a forward, if there is one."""

    found: Floats | None = None

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        x, shape = inputs[0].value, self.parameters["w"].shape
        if len(x) < shape[0] + _SPARE or output.shape != (len(x), shape[1]):
            return
        weights = np.asarray(np.linalg.lstsq(x, output, rcond=None)[0], np.float64)
        fits = np.abs(x @ weights - output).max() <= _ALIKE * np.abs(output).max()
        self.found = weights if fits else None

    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        if self.found is None:
            raise LookupError("no matrix gives what was answered")
        units = _ROOM + _EXACT / self.unit
        return inputs[0] @ Rounded(
            self.found, np.full(self.found.shape, units * np.abs(self.found).max())
        )


@mistake(
    "bias-drawn-again",
    "A number is added that is another one in each forward: draw nothing there.",
    "Se suma un número que es otro en cada forward: allí no sortees nada.",
    of=(Linear, Bias, Conv2d, Dense),
)
class DrawnAgain(Formula):
    """Adds other numbers in each forward: one for each feature, or channel."""

    output: Floats | None = None
    before: Floats | None = None

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        self.output = output

    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        if self.output is None or self.output.shape != y.shape or y.shape[0] < 1 + _SPARE:
            raise LookupError("there are too few samples to find what is added")
        rest = tuple(axis for axis in range(len(y.shape)) if axis != 1)
        added = np.asarray((self.output - y.value).mean(axis=rest, keepdims=True))
        if self.before is not None and np.allclose(added, self.before, rtol=_ALIKE):
            raise LookupError("the same is added as in the forward before")
        self.before = added
        return y + exact(added)
