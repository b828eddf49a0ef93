"""Dense layers with another activation than the one that they are told to use."""

from __future__ import annotations

from worker.judging.formulas.activations import softmax
from worker.judging.formulas.formula import Passed
from worker.judging.formulas.linear import Dense
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


class _Activated(Dense):
    """Another activation, in both passes."""

    z: Rounded
    y: Rounded

    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        linear, bias, _ = self.parts.values()
        self.z = bias.forward(linear.forward(*inputs))
        self.y = self.activated(self.z)
        return self.y

    def backward(self, g: Rounded) -> Passed:
        linear, bias, _ = self.parts.values()
        g, of_bias = bias.backward(self.passed(g))
        of_input, of_linear = linear.backward(g)
        return of_input, {**of_linear, **of_bias}

    def activated(self, z: Rounded) -> Rounded:
        raise NotImplementedError

    def passed(self, g: Rounded) -> Rounded:
        """Return the gradient before the activation."""
        raise NotImplementedError


@mistake(
    "activation-is-another",
    "The activation is the one that the layer is told to use; here it is another one.",
    "La activación es la que se indica a la capa; aquí es otra.",
)
class Rectified(_Activated):
    def activated(self, z: Rounded) -> Rounded:
        return z.where(z.value > 0)

    def passed(self, g: Rounded) -> Rounded:
        return g.where(self.z.value > 0)


@mistake("activation-is-another")
class Sigmoidal(_Activated):
    def activated(self, z: Rounded) -> Rounded:
        return z.sigmoid()

    def passed(self, g: Rounded) -> Rounded:
        return g * self.y * (1.0 - self.y)


@mistake("activation-is-another")
class Tangent(_Activated):
    def activated(self, z: Rounded) -> Rounded:
        return z.tanh()

    def passed(self, g: Rounded) -> Rounded:
        return g * (1.0 - self.y * self.y)


@mistake("activation-is-another")
class Softmaxed(_Activated):
    def activated(self, z: Rounded) -> Rounded:
        return softmax(z)

    def passed(self, g: Rounded) -> Rounded:
        return self.y * (g - (self.y * g).sum(axis=-1, keepdims=True))


@mistake(
    "activation-before-product",
    "The activation comes after the product and the bias; here it comes before them.",
    "La activación va después del producto y del sesgo; aquí va antes.",
)
class OnTheInput(Dense):
    def forward(self, *inputs: Rounded) -> Rounded:
        linear, bias, activation = self.parts.values()
        return bias.forward(linear.forward(activation.forward(*inputs)))

    def backward(self, g: Rounded) -> Passed:
        linear, bias, activation = self.parts.values()
        g, of_bias = bias.backward(g)
        g, of_linear = linear.backward(g)
        return activation.backward(g)[0], {**of_linear, **of_bias}
