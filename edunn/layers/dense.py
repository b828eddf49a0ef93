"""Linear maps with a bias and an activation: Dense and the two regressions."""

from __future__ import annotations

from typing import Annotated

from edunn.arrays import Array, FloatArray, own, quiet, restore, total, widen
from edunn.composite import Composite, prefixed
from edunn.description import ParameterDescription
from edunn.estimate import ArraySpec, Estimate, chained, product
from edunn.fields import Field, check_arguments
from edunn.initializers import Start
from edunn.layers.activations import ReLU, Sigmoid, TanH
from edunn.layers.constants import Identity
from edunn.layers.linear import Bias, Linear, check_features
from edunn.layers.softmax import Softmax
from edunn.live_arrays import live
from edunn.model import Model, ParameterSet

ACTIVATIONS: dict[str, type[Model]] = {
    "id": Identity,
    "relu": ReLU,
    "tanh": TanH,
    "sigmoid": Sigmoid,
    "softmax": Softmax,
}


class Dense(Composite):
    """Map each sample linearly, add a bias and apply an activation: y = f(x w + b).

    Parameters
    ----------
    input_size, output_size : int
        Features per sample before and after.
    activation_name : str
        One of ``id``, ``relu``, ``tanh``, ``sigmoid``, ``softmax``.
    linear_initializer, bias_initializer : Initializer or str
        How `w` and `b` start: by Glorot's uniform rule, and at zero.

    Attributes
    ----------
    linear, bias, activation : Model
        The layers that this one stands for. `w` is that of `linear`, `b` that of `bias`.
    """

    parameter_descriptions = (
        ParameterDescription("w", "(input_size, output_size)", "The weights."),
        ParameterDescription("b", "(output_size,)", "The biases."),
    )
    alone = "samples"
    own_cache_entries = frozenset({"x"})

    def __init__(
        self,
        input_size: Annotated[int, Field("Features per sample.", minimum=1)],
        output_size: Annotated[int, Field("Features per output.", minimum=1)],
        activation_name: Annotated[
            str | None, Field("What is applied to x w + b.", choices=tuple(ACTIVATIONS))
        ] = "id",
        linear_initializer: Annotated[Start, Field("How w starts.")] = "XavierUniform",
        bias_initializer: Annotated[Start, Field("How b starts.")] = "Zero",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        config = check_arguments(
            Dense,
            self.label,
            input_size=input_size,
            output_size=output_size,
            activation_name=activation_name,
            linear_initializer=linear_initializer,
            bias_initializer=bias_initializer,
        )
        self.input_size: int = config["input_size"]
        self.output_size: int = config["output_size"]
        self.activation_name: str = config["activation_name"]
        # The parameters are theirs; what they compute is computed here in one go.
        self.linear = Linear(self.input_size, self.output_size, config["linear_initializer"])
        self.bias = Bias(self.output_size, config["bias_initializer"])
        self.activation = ACTIVATIONS[self.activation_name]()
        self._children = {"activation": self.activation}

    def get_parameters(self) -> ParameterSet:
        return live({**self.linear._parameters, **self.bias._parameters}, self._set_parameter)

    def trained_parameters(self) -> ParameterSet:
        return {} if self.frozen else dict(self.get_parameters())

    def _assign_parameter(self, name: str, value: Array) -> None:
        (self.linear if name == "w" else self.bias)._assign_parameter(name, value)

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Compute f(x w + b).

        Parameters
        ----------
        x : ndarray of floats, shape (samples, input_size)

        Returns
        -------
        y : ndarray, shape (samples, output_size), dtype of x
        """
        x = self._input("x", x)
        check_features(self, x, self.input_size)
        wide = widen(x)
        # As in Linear: `dot` and not `@`.
        y = wide.dot(self.linear._parameters["w"].astype(wide.dtype, copy=False))
        y += self.bias._parameters["b"].astype(wide.dtype, copy=False)
        # In the caller's dtype, so that the activation keeps no wider cache than it needs.
        y = self.activation.forward(restore(y, x.dtype))
        self._save(x=own(x))
        return y

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Go back through the activation, then through the linear map.

        Parameters
        ----------
        δEδy : ndarray, shape (samples, output_size)

        Returns
        -------
        δEδx : ndarray, shape (samples, input_size)
        δEδp : dict
            ``w``, shape (input_size, output_size), and ``b``, shape (output_size,).
        """
        x, δEδy, g = self._before_activation(δEδy)
        δEδx = g.dot(self.linear._parameters["w"].astype(x.dtype, copy=False).T)
        return restore(δEδx, δEδy.dtype), self._parameter_gradients(x, g)

    @quiet
    def parameter_gradients(self, δEδy: FloatArray) -> ParameterSet:
        x, _, g = self._before_activation(δEδy)
        return self._parameter_gradients(x, g)

    def _before_activation(self, δEδy: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the input, the checked gradient of the output, and that of x w + b."""
        x = widen(self._saved_array("x"))
        δEδy = self._gradient(δEδy, (x.shape[0], self.output_size))
        g, _ = self.activation.backward(δEδy.astype(x.dtype, copy=False))
        return x, δEδy, g

    def _parameter_gradients(self, x: FloatArray, g: FloatArray) -> ParameterSet:
        return {} if self.frozen else {"w": x.T.dot(g), "b": total(g, axis=0)}

    def estimate(self, x: ArraySpec) -> Estimate:
        check_features(self, self._floats("x", x), self.input_size)
        linear = product(x, self.get_parameters()["w"], frozen=self.frozen)
        bias = x._replace(shape=(self.output_size,)).wide_bytes()
        biased = linear._replace(
            gradients=0 if self.frozen else linear.gradients + bias
        ).with_extra(elements=6 * linear.output.size, memory=2 * bias)
        activation = self.activation.estimate(linear.output).with_extra(
            memory=linear.output.widened_bytes()
        )
        cache = {"x": x, **prefixed("activation", activation.cache)}
        return chained([biased, activation], cache)


class LinearRegression(Dense):
    """Predict numbers by a linear map with a bias: y = x w + b.

    Parameters
    ----------
    input_size, output_size : int
        Features per sample, and numbers predicted.
    linear_initializer, bias_initializer : Initializer or str
        How `w` and `b` start: by Glorot's uniform rule, and at zero.
    """

    def __init__(
        self,
        input_size: Annotated[int, Field("Features per sample.", minimum=1)],
        output_size: Annotated[int, Field("Numbers predicted.", minimum=1)],
        linear_initializer: Annotated[Start, Field("How w starts.")] = "XavierUniform",
        bias_initializer: Annotated[Start, Field("How b starts.")] = "Zero",
        name: str | None = None,
    ) -> None:
        super().__init__(input_size, output_size, "id", linear_initializer, bias_initializer, name)


class LogisticRegression(Dense):
    """Predict the probabilities of classes by a linear map and a softmax.

    Parameters
    ----------
    input_size, output_size : int
        Features per sample, and classes.
    linear_initializer, bias_initializer : Initializer or str
        How `w` and `b` start: by Glorot's uniform rule, and at zero.
    """

    def __init__(
        self,
        input_size: Annotated[int, Field("Features per sample.", minimum=1)],
        output_size: Annotated[int, Field("Classes.", minimum=1)],
        linear_initializer: Annotated[Start, Field("How w starts.")] = "XavierUniform",
        bias_initializer: Annotated[Start, Field("How b starts.")] = "Zero",
        name: str | None = None,
    ) -> None:
        super().__init__(
            input_size, output_size, "softmax", linear_initializer, bias_initializer, name
        )

    @property
    def softmax(self) -> Model:
        """The activation, by the name it has in this model."""
        return self.activation
