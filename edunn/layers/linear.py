"""Linear maps: y = x w, and y = x + b."""

from __future__ import annotations

from typing import Annotated

from edunn.arrays import FloatArray, Shaped, describe, own, quiet, restore, total, widen
from edunn.description import ParameterDescription
from edunn.estimate import ArraySpec, Estimate, Passes, elementwise, product, shape_spec
from edunn.fields import Field, check_arguments
from edunn.initializers import Start, first_values
from edunn.model import Model, ParameterSet


class Linear(Model):
    """Multiply by a matrix of weights: y = x w.

    Parameters
    ----------
    input_size, output_size : int
        Features per sample before and after.
    initializer : Initializer or str
        How `w` starts: Glorot's uniform rule unless told otherwise.
    """

    parameter_descriptions = (
        ParameterDescription("w", "(input_size, output_size)", "The weights."),
    )
    alone = "samples"
    cache_entries = (frozenset({"x"}),)

    def __init__(
        self,
        input_size: Annotated[int, Field("Features per sample.", minimum=1)],
        output_size: Annotated[int, Field("Features per output.", minimum=1)],
        initializer: Annotated[Start, Field("How w starts.")] = "XavierUniform",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        config = check_arguments(
            Linear,
            self.label,
            input_size=input_size,
            output_size=output_size,
            initializer=initializer,
        )
        self.input_size: int = config["input_size"]
        self.output_size: int = config["output_size"]
        shape = (self.input_size, self.output_size)
        self.register_parameter("w", first_values(config["initializer"], shape))

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Compute x w.

        Parameters
        ----------
        x : ndarray of floats, shape (samples, input_size)

        Returns
        -------
        y : ndarray, shape (samples, output_size), dtype of x
        """
        x = self._input("x", x)
        check_features(self, x, self.input_size)
        wide, w = widen(x), self._parameters["w"]
        # `dot` takes less than half the time of `@` where the matrices are small.
        y = wide.dot(w if w.dtype is wide.dtype else w.astype(wide.dtype))
        self._cache = {"x": own(x)}
        return y if wide is x else restore(y, x.dtype)

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Compute δEδx = δEδy wᵀ and δEδw = xᵀ δEδy.

        Parameters
        ----------
        δEδy : ndarray, shape (samples, output_size)

        Returns
        -------
        δEδx : ndarray, shape (samples, input_size)
        δEδp : dict
            ``w``, shape (input_size, output_size).
        """
        x, δEδy = self._saved_and_gradient(δEδy)
        g = δEδy.astype(x.dtype, copy=False)
        δEδx = g.dot(self._parameters["w"].astype(x.dtype, copy=False).T)
        return restore(δEδx, δEδy.dtype), self._weight_gradient(x, g)

    @quiet
    def parameter_gradients(self, δEδy: FloatArray) -> ParameterSet:
        x, g = self._saved_and_gradient(δEδy)
        return self._weight_gradient(x, g.astype(x.dtype, copy=False))

    def _saved_and_gradient(self, δEδy: FloatArray) -> tuple[FloatArray, FloatArray]:
        x = widen(self._saved_array("x"))
        return x, self._gradient(δEδy, (x.shape[0], self.output_size))

    def _weight_gradient(self, x: FloatArray, g: FloatArray) -> ParameterSet:
        return {} if self.frozen else {"w": x.T.dot(g)}

    def estimate(self, x: ArraySpec) -> Estimate:
        check_features(self, self._floats("x", x), self.input_size)
        return product(x, self._parameters["w"], frozen=self.frozen)


class Bias(Model):
    """Add a vector of biases: y = x + b.

    Parameters
    ----------
    output_size : int
        Features per sample.
    initializer : Initializer or str
        How `b` starts: at zero unless told otherwise.
    """

    parameter_descriptions = (ParameterDescription("b", "(output_size,)", "The biases."),)
    alone = "samples"
    cache_entries = (frozenset({"shape"}),)

    def __init__(
        self,
        output_size: Annotated[int, Field("Features per sample.", minimum=1)],
        initializer: Annotated[Start, Field("How b starts.")] = "Zero",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        config = check_arguments(Bias, self.label, output_size=output_size, initializer=initializer)
        self.output_size: int = config["output_size"]
        self.register_parameter("b", first_values(config["initializer"], (self.output_size,)))

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Compute x + b.

        Parameters
        ----------
        x : ndarray of floats, shape (samples, output_size)

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        x = self._input("x", x)
        check_features(self, x, self.output_size)
        wide = widen(x)
        y = wide + self._parameters["b"].astype(wide.dtype, copy=False)
        self._save(shape=y.shape)
        return restore(y, x.dtype)

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Pass the error on, and sum it over the samples for b.

        Parameters
        ----------
        δEδy : ndarray, shape (samples, output_size)

        Returns
        -------
        δEδx : ndarray, same shape and dtype
        δEδp : dict
            ``b``, shape (output_size,), in the dtype in which `δEδy` is computed.
        """
        δEδy = self._gradient(δEδy, self._saved_shape())
        return own(δEδy), {} if self.frozen else {"b": total(δEδy, axis=0)}

    def estimate(self, x: ArraySpec) -> Estimate:
        check_features(self, self._floats("x", x), self.output_size)
        taken = elementwise(
            x, {"shape": shape_spec(x)}, forward=Passes(3, 1), backward=Passes(3, 0)
        )
        bias = x._replace(shape=(self.output_size,))
        return taken._replace(gradients=0 if self.frozen else bias.wide_bytes()).with_extra(
            elements=2 * bias.size, memory=2 * bias.wide_bytes() + bias.size * 8 + x.widened_bytes()
        )


def check_features(model: Model, x: Shaped, features: int) -> None:
    """Refuse what is not (samples, features).

    Raises
    ------
    LayerError
        If the rank is not two, or the number of features differs.
    """
    if x.ndim != 2 or x.shape[1] != features:
        raise model.refusal("x", f"of shape (samples, {features})", describe(x))
