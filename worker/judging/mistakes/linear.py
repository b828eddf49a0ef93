"""Mistakes of linear maps and of layers made of others."""

from __future__ import annotations

from worker.judging.formulas.formula import Gradients, Passed
from worker.judging.formulas.linear import Bias, Chain, Dense, Linear
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


@mistake(
    "weights-transposed",
    "The weights are transposed: the output is x w, with w of shape (inputs, outputs).",
    "Los pesos están traspuestos: la salida es x w, con w de forma (entradas, salidas).",
)
class WeightsTransposed(Linear):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return self.x @ self.parameters["w"].T


@mistake(
    "weights-not-transposed-in-backward",
    "The gradient of the input is g wᵀ; here the weights are not transposed.",
    "El gradiente de la entrada es g wᵀ; aquí los pesos no están traspuestos.",
)
class WeightsNotTransposed(Linear):
    def backward(self, g: Rounded) -> Passed:
        return g @ self.parameters["w"], super().backward(g)[1]


@mistake(
    "weight-gradient-without-input",
    "The gradient of w is xᵀ g, with the input x of the last forward.",
    "El gradiente de w es xᵀ g, con la entrada x del último forward.",
)
class WeightGradientOfSums(Linear):
    def backward(self, g: Rounded) -> Passed:
        ones = Rounded(0 * self.x.value + 1)
        return super().backward(g)[0], {"w": ones.T @ g}


@mistake(
    "weight-gradient-of-sums",
    "The gradient of w sums the products of each sample; here the sums are multiplied.",
    "El gradiente de w suma los productos de cada muestra; aquí se multiplican las sumas.",
)
class WeightGradientOfProduct(Linear):
    def backward(self, g: Rounded) -> Passed:
        x = self.x.sum(axis=0, keepdims=True)
        return super().backward(g)[0], {"w": x.T @ g.sum(axis=0, keepdims=True)}


@mistake("weight-gradient-of-sums")
class WeightGradientOfMeans(Linear):
    def backward(self, g: Rounded) -> Passed:
        x = self.x.mean(axis=0, keepdims=True)
        return super().backward(g)[0], {"w": x.T @ g.mean(axis=0, keepdims=True)}


@mistake(
    "bias-forgotten",
    "The bias is not added.",
    "No se suma el sesgo (bias).",
)
class BiasForgotten(Bias):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0]


@mistake(
    "bias-added-twice",
    "The bias is added once; here it is added twice.",
    "El sesgo (bias) se suma una vez; aquí se suma dos veces.",
)
class BiasAddedTwice(Bias):
    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(*inputs) + self.parameters["b"]


@mistake(
    "bias-multiplied",
    "The bias is added to the input; here the input is multiplied by it.",
    "El sesgo (bias) se suma a la entrada; aquí la entrada se multiplica por él.",
)
class BiasMultiplied(Bias):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] * self.parameters["b"]


@mistake(
    "bias-not-per-feature",
    "Each feature has a bias of its own; here another number is added to it.",
    "Cada atributo tiene su propio sesgo (bias); aquí se le suma otro número.",
)
class BiasOfFirst(Bias):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] + self.parameters["b"][:1]


@mistake("bias-not-per-feature")
class BiasAveraged(Bias):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] + self.parameters["b"].mean(0, keepdims=True)


@mistake("bias-not-per-feature")
class BiasReversed(Bias):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] + self.parameters["b"][::-1]


@mistake(
    "bias-subtracted",
    "The bias is added, not subtracted.",
    "El sesgo se suma, no se resta.",
)
class BiasSubtracted(Bias):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] - self.parameters["b"]


@mistake(
    "bias-gradient-not-summed",
    "The bias is added to every sample, so its gradient is the sum over the batch.",
    "El sesgo se suma a cada muestra, así que su gradiente es la suma sobre el lote.",
)
class BiasNotSummed(Bias):
    def backward(self, g: Rounded) -> Passed:
        return g, {"b": g}


@mistake("bias-gradient-not-summed")
class BiasOnes(Bias):
    def backward(self, g: Rounded) -> Passed:
        return g, {"b": Rounded(0 * g.value[0] + 1)}


@mistake(
    "bias-gradient-wrong-axis",
    "The gradient of the bias is summed over the batch, not over the features.",
    "El gradiente del sesgo se suma sobre el lote, no sobre los atributos.",
)
class BiasSummedOverFeatures(Bias):
    def backward(self, g: Rounded) -> Passed:
        return g, {"b": g.sum(axis=1)}


@mistake("bias-gradient-wrong-axis")
class BiasSummedOverAll(Bias):
    def backward(self, g: Rounded) -> Passed:
        return g, {"b": g.sum().broadcast_to(self.parameters["b"].shape)}


@mistake("bias-gradient-wrong-axis")
class BiasSummedToNumber(Bias):
    def backward(self, g: Rounded) -> Passed:
        return g, {"b": g.sum()}


@mistake(
    "bias-gradient-kept-dimension",
    "The gradient of the bias has the shape of the bias, without an axis for the batch.",
    "El gradiente del sesgo tiene la forma del sesgo, sin un eje para el lote.",
)
class BiasKeptDimension(Bias):
    def backward(self, g: Rounded) -> Passed:
        return g, {"b": g.sum(axis=0, keepdims=True)}


@mistake(
    "bias-gradient-times-bias",
    "The gradient of the input of a bias is the output gradient itself.",
    "El gradiente de la entrada de un sesgo es el gradiente de salida tal cual.",
)
class BiasTimesGradient(Bias):
    def backward(self, g: Rounded) -> Passed:
        return g * self.parameters["b"], super().backward(g)[1]


@mistake(
    "activation-forgotten",
    "The activation is not applied.",
    "No se aplica la activación.",
)
class ActivationForgotten(Dense):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        linear, bias, _ = self.parts.values()
        return bias.forward(linear.forward(*inputs))


@mistake(
    "activation-gradient-forgotten",
    "The backward must go through the derivative of the activation first.",
    "El backward debe pasar primero por la derivada de la activación.",
)
class ActivationGradientForgotten(Dense):
    def backward(self, g: Rounded) -> Passed:
        linear, bias, _ = self.parts.values()
        g, of_bias = bias.backward(g)
        of_input, of_linear = linear.backward(g)
        return of_input, {**of_linear, **of_bias}


@mistake("activation-gradient-forgotten")
class ActivationGradientAtParametersForgotten(Dense):
    def backward(self, g: Rounded) -> Passed:
        linear, bias, _ = self.parts.values()
        gradients = {**linear.backward(g)[1], **bias.backward(g)[1]}
        return super().backward(g)[0], gradients


@mistake(
    "layers-in-wrong-order",
    "The backward goes through the layers in the order of the forward; it must be the reverse.",
    "El backward recorre las capas en el orden del forward; debe ser el inverso.",
)
class LayersInForwardOrder(Chain):
    def backward(self, g: Rounded) -> Passed:
        gradients: Gradients = {}
        for name, part in self.parts.items():
            g, of_part = part.backward(g)
            gradients.update(self.named(name, of_part))
        return g, gradients


@mistake(
    "last-layer-forgotten",
    "The last layer is not run.",
    "No se ejecuta la última capa.",
)
class LastLayerForgotten(Chain):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        (y,) = inputs
        for part in list(self.parts.values())[:-1]:
            y = part.forward(y)
        return y


@mistake(
    "first-layer-forgotten",
    "The first layer is not run.",
    "No se ejecuta la primera capa.",
)
class FirstLayerForgotten(Chain):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        (y,) = inputs
        for part in list(self.parts.values())[1:]:
            y = part.forward(y)
        return y


@mistake(
    "same-gradient-for-all-layers",
    "Each layer must be given the gradient that the layer behind it returned.",
    "Cada capa debe recibir el gradiente que devolvió la capa siguiente.",
)
class GradientNotChained(Chain):
    def backward(self, g: Rounded) -> Passed:
        gradients: Gradients = {}
        of_input = g
        for name, part in reversed(self.parts.items()):
            of_input, of_part = part.backward(g)
            gradients.update(self.named(name, of_part))
        return of_input, gradients


@mistake(
    "sums-multiplied",
    "Each input meets its own weight in w; here sums of them are multiplied.",
    "Cada entrada se encuentra con su propio peso de w; aquí se multiplican sus sumas.",
)
class SumsMultiplied(Linear):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return self.x.sum(1, True) * self.parameters["w"].sum(0)


@mistake("sums-multiplied")
class MeansMultiplied(Linear):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return self.x.mean(1, True) * self.parameters["w"].sum(0)


@mistake("sums-multiplied")
class SumOfAllWeights(Linear):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        return (self.x.sum(1, True) * self.parameters["w"].sum()).broadcast_to(y.shape)
