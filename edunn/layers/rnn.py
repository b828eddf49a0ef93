"""The plain recurrent network."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from edunn.arrays import FloatArray, Shaped, describe, own, quiet, restore, widen
from edunn.description import ParameterDescription
from edunn.estimate import ArraySpec, Cost, Estimate, cast_bytes, work
from edunn.fields import Field, check_arguments
from edunn.initializers import Start, first_values
from edunn.layers.sizes import fitting
from edunn.model import Model, ParameterSet

# Up to so many steps back, and four a number of the hidden state, all steps go back at once.
_SHORT = 64


class RNN(Model):
    """Read a sequence step by step with a hidden state: h_t = tanh(U x_t + W h_(t-1)), y_t = V h_t.

    The state before the first step is zero.

    Parameters
    ----------
    input_dim, output_dim, hidden_dim : int
        Numbers per step of the input, of the output and of the hidden state.
    bptt_truncate : int, optional
        How many steps back in time the error of a step reaches. None is all the way.
    kernel_initializer : Initializer or str
        How `U`, `W` and `V` start: by Glorot's uniform rule unless told otherwise.

    Notes
    -----
    Elman, Finding structure in time, Cognitive Science 1990; backpropagation through time
    as in Werbos, Proceedings of the IEEE 1990. Gradients are never clipped.
    """

    parameter_descriptions = (
        ParameterDescription("U", "(hidden_dim, input_dim)", "Input to hidden."),
        ParameterDescription("W", "(hidden_dim, hidden_dim)", "Hidden to hidden."),
        ParameterDescription("V", "(output_dim, hidden_dim)", "Hidden to output."),
    )
    alone = "samples"
    cache_entries = (frozenset({"x", "h"}),)

    def __init__(
        self,
        input_dim: Annotated[int, Field("Numbers per step of the input.", minimum=1)],
        output_dim: Annotated[int, Field("Numbers per step of the output.", minimum=1)],
        hidden_dim: Annotated[int, Field("Numbers in the hidden state.", minimum=1)],
        bptt_truncate: Annotated[
            int | None, Field("Steps back that an error reaches; null is all.", minimum=0)
        ] = None,
        kernel_initializer: Annotated[
            Start, Field("How U, W and V start.", formerly="initializer")
        ] = "XavierUniform",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        config = check_arguments(
            RNN,
            self.label,
            input_dim=input_dim,
            output_dim=output_dim,
            hidden_dim=hidden_dim,
            bptt_truncate=bptt_truncate,
            kernel_initializer=kernel_initializer,
        )
        self.input_dim: int = config["input_dim"]
        self.output_dim: int = config["output_dim"]
        self.hidden_dim: int = config["hidden_dim"]
        self.bptt_truncate: int | None = config["bptt_truncate"]
        # These matrices stand on the left of their vectors: (outputs, inputs).
        for key, outputs, inputs in (
            ("U", self.hidden_dim, self.input_dim),
            ("W", self.hidden_dim, self.hidden_dim),
            ("V", self.output_dim, self.hidden_dim),
        ):
            start = first_values(
                config["kernel_initializer"], (outputs, inputs), fan_in=inputs, fan_out=outputs
            )
            self.register_parameter(key, start)

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Run over the steps of every sequence at once.

        Parameters
        ----------
        x : ndarray of floats, shape (samples, steps, input_dim)

        Returns
        -------
        y : ndarray, shape (samples, steps, output_dim), dtype of x
        """
        x = self._input("x", x)
        self._check(x)
        wide = widen(x)
        if x.size == 0:
            # Nothing to compute, though there may be more steps than anybody could go through.
            self._save(x=own(x), h=self._empty(x, self.hidden_dim))
            return self._empty(x, self.output_dim)
        U, W, V = self._weights(wide.dtype)
        h = wide @ U.T
        for t in range(x.shape[1]):
            if t > 0:
                h[:, t] += h[:, t - 1] @ W.T
            np.tanh(h[:, t], out=h[:, t])
        y = restore(h @ V.T, x.dtype)
        self._save(x=own(x), h=restore(h, x.dtype))
        return y

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Go back through time, as far as `bptt_truncate` says.

        Parameters
        ----------
        δEδy : ndarray, shape (samples, steps, output_dim)

        Returns
        -------
        δEδx : ndarray, shape (samples, steps, input_dim)
        δEδp : dict
            ``U``, ``W`` and ``V``.
        """
        x, h = widen(self._saved_array("x")), widen(self._saved_array("h"))
        δEδy = self._gradient(δEδy, (*x.shape[:2], self.output_dim))
        if x.size == 0:
            nothing = {key: np.zeros_like(w, x.dtype) for key, w in self._parameters.items()}
            return np.empty(x.shape, δEδy.dtype), {} if self.frozen else nothing
        g = δEδy.astype(x.dtype, copy=False)
        U, W, V = self._weights(x.dtype)
        slope = 1 - h * h
        steps, reach = x.shape[1], self.bptt_truncate
        if reach is None or reach >= steps - 1:
            δEδa = _whole(g @ V, slope, W)
        elif not self._is_far(reach):
            δEδa = _truncated(g @ V, slope, W, reach)
        else:
            δEδa = _truncated_far(g @ V, slope, W, reach)
        δEδx = restore(δEδa @ U, δEδy.dtype)
        if self.frozen:
            return δEδx, {}
        return δEδx, {
            "U": _outer(δEδa, x),
            "W": _outer(δEδa[:, 1:], h[:, :-1]),
            "V": _outer(g, h),
        }

    def estimate(self, x: ArraySpec) -> Estimate:
        self._check(self._floats("x", x))
        samples, steps = x.shape[:2]
        h = x._replace(shape=(samples, steps, self.hidden_dim))
        y = x._replace(shape=(samples, steps, self.output_dim))
        weights = self.hidden_dim * (self.input_dim + self.hidden_dim + self.output_dim)
        matrices = x._replace(shape=(weights,)).wide_bytes()
        cast = sum(cast_bytes(self._parameters[key], x.dtype) for key in "UWV")
        moved = 3 * (x.size + y.size) + (2 * weights if cast else 0)
        # The products of U and V pass over them once a sample, those of W once a step.
        passed = samples * (weights - self.hidden_dim**2) + steps * self.hidden_dim**2
        forward = Cost(
            work(
                calls=10 + 5 * steps,
                elements=moved + passed + 8 * h.size,
                functions=h.size,
                products=samples * steps * weights,
            ),
            x.widened_bytes() + x.nbytes + h.wide_bytes() + h.nbytes + y.wide_bytes() + y.nbytes
            + cast,
        )  # fmt: skip
        reach = steps if self.bptt_truncate is None else min(self.bptt_truncate, steps)
        gradients = 0 if self.frozen else matrices
        calls, back, square = self._steps_back(steps, reach)
        backward = Cost(
            work(
                calls=20 + calls,
                elements=3 * (moved + weights + passed)
                + 16 * h.size
                + back * (8 * h.size + samples * self.hidden_dim**2),
                products=samples * steps * (2 * weights + back * self.hidden_dim**2),
            ),
            x.widened_bytes()
            + x.wide_bytes()
            + x.nbytes
            + h.wide_bytes(6 if reach >= steps - 1 else 8)
            + y.widened_bytes()
            + cast
            + gradients
            + square * samples * self.hidden_dim**2 * 8,
        )
        return Estimate(y, {"x": x, "h": h}, forward, backward, gradients)

    def _steps_back(self, steps: int, reach: int) -> tuple[int, int, int]:
        """Return the calls that going back takes, its products a step, and matrices a sample."""
        if reach >= steps - 1:
            return 6 * steps, 0, 0
        if self._is_far(reach):
            return 24 * steps, 2 * self.hidden_dim + 4, 6
        return 6 * reach, reach, 0

    def _check(self, x: Shaped) -> None:
        if x.ndim != 3 or x.shape[2] != self.input_dim:
            raise self.refusal("x", f"of shape (samples, steps, {self.input_dim})", describe(x))

    def _is_far(self, reach: int) -> bool:
        return reach > _SHORT + 4 * self.hidden_dim

    def _empty(self, x: FloatArray, size: int) -> FloatArray:
        """Return an empty array of so many numbers per step, if there can be such an array."""
        return np.empty(fitting(self, (*x.shape[:2], size)), x.dtype)

    def _weights(self, dtype: np.dtype[np.floating]) -> tuple[FloatArray, FloatArray, FloatArray]:
        U, W, V = (self._parameters[key].astype(dtype, copy=False) for key in "UWV")
        return U, W, V


def _whole(δEδh: FloatArray, slope: FloatArray, W: FloatArray) -> FloatArray:
    """Return the error at U x_t + W h_(t-1) for every t, from all later steps."""
    δEδa = δEδh * slope
    for t in range(δEδa.shape[1] - 2, -1, -1):
        δEδa[:, t] += (δEδa[:, t + 1] @ W) * slope[:, t]
    return δEδa


def _truncated(δEδh: FloatArray, slope: FloatArray, W: FloatArray, reach: int) -> FloatArray:
    """Return the same from the next `reach` steps alone, for all steps at once."""
    arriving = δEδh * slope
    δEδa = arriving.copy()
    for lag in range(1, reach + 1):
        # What arrives at step s from the output of step s + lag.
        arriving = (arriving[:, 1:] @ W) * slope[:, : slope.shape[1] - lag]
        δEδa[:, : arriving.shape[1]] += arriving
    return δEδa


def _truncated_far(δEδh: FloatArray, slope: FloatArray, W: FloatArray, reach: int) -> FloatArray:
    """Return the same in time that does not follow `reach`, but the size of W once more.

    To go back a step is to be multiplied by a matrix, W with its columns scaled by the slope
    there. The steps are divided into blocks as long as what a step hears of. That is then the
    rest of its own block, and the beginning of the next, brought back by a product of matrices.
    """
    samples, steps, hidden = slope.shape
    own_error = δEδh * slope
    δEδa = np.empty_like(own_error)
    for start in range(0, steps, reach + 1):
        end = min(start + reach + 1, steps)
        beginnings = _beginnings(own_error, slope, W, end, min(end + reach, steps))
        rest = np.zeros((samples, hidden), W.dtype)
        back = np.broadcast_to(np.eye(hidden, dtype=W.dtype), (samples, hidden, hidden))
        for t in range(end - 1, start - 1, -1):
            rest = own_error[:, t] + (rest @ W) * slope[:, t]
            δEδa[:, t] = rest
            if end < steps:
                back = back @ (W * slope[:, t, np.newaxis])
                heard = beginnings[min(t - start, len(beginnings) - 1)]
                δEδa[:, t] += (heard[:, np.newaxis] @ back)[:, 0]
    return δEδa


def _beginnings(
    own_error: FloatArray, slope: FloatArray, W: FloatArray, start: int, end: int
) -> list[FloatArray]:
    """Return what none, one, two, ... of the steps from `start` to `end` bring to `start`."""
    samples, _, hidden = slope.shape
    found = [np.zeros((samples, hidden), W.dtype)]
    back = np.broadcast_to(np.eye(hidden, dtype=W.dtype), (samples, hidden, hidden))
    for t in range(start, end):
        found.append(found[-1] + (own_error[:, t, np.newaxis] @ back)[:, 0])
        back = (W * slope[:, t, np.newaxis]) @ back
    return found


def _outer(left: FloatArray, right: FloatArray) -> FloatArray:
    """Sum the outer products over samples and steps."""
    return left.reshape(-1, left.shape[2]).T @ right.reshape(-1, right.shape[2])
