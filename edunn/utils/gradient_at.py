"""The check of a backward at one point: against differences, and for what it may not do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edunn.arrays import Array, quiet
from edunn.model import Model, ParameterSet
from edunn.utils.at_once import STRAIGHT, slopes_by_feature, slopes_by_sample
from edunn.utils.gradient_report import ArrayCheck
from edunn.utils.numerical_gradient import Floats, Index
from edunn.utils.preserve import Replay

# With the first step truncation and rounding are about 1e-10. The smaller ones are tried where the
# function bends too much for it, or has a kink within it.
_STEPS = (1e-5, 1.25e-6, 1.5e-7)
# An array of which less lies away from kinks has not been checked.
_LEAST_SHARE = 0.5


class WrongError(Exception):
    """What is wrong with a layer, and which array shows it."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.check = ArrayCheck(name, problem=problem)


class Runs:
    """The forwards of a model at a point that is moved.

    Parameters
    ----------
    model : Model
    arguments : mapping of str to ndarray
        What its forward takes, by name; the last is the one that is moved.
    start : Replay, optional
        Where every forward begins to draw random numbers, so that a mask holds still.
    closely : bool
        Whether to look for what a forward and a backward may not do, besides comparing.
    alone : str, optional
        What the model is known to answer each by itself, with no random numbers.
    """

    def __init__(
        self,
        model: Model,
        arguments: Mapping[str, Array],
        start: Replay | None,
        closely: bool,
        alone: str | None = None,
    ) -> None:
        self.closely = closely
        self.alone = alone
        self.model = model
        self.arguments = arguments
        self.name = list(arguments)[-1]
        self.x: Floats = arguments[self.name]
        self._given = list(arguments.values())
        self._start = start

    def forward(self) -> Any:
        """Run the model where the point is now, and return its answer whatever it is."""
        if self._start is not None:
            self._start.rewind()
        return self.model.forward(*self._given)

    def output(self) -> Array:
        """Run the model where the point is now."""
        y = self.forward()
        return y if type(y) is np.ndarray else np.asarray(y)

    def slopes_at_once(self, y: Array, δEδy: Floats, expected: Array) -> Floats | None:
        """Return the slope along each element of the point, where few forwards tell all."""
        if self.alone == "samples":
            return slopes_by_sample(self.model, self._given, y, δEδy, expected, _STEPS[0])
        if self.alone == "features" and y.shape == self.x.shape:
            return slopes_by_feature(self.forward, self.x, δEδy, _STEPS[0])
        return None


def check_at(runs: Runs, tolerance: float, rng: np.random.Generator) -> list[ArrayCheck]:
    """Compare every derivative at one point; parameters are moved in place, and moved back."""
    try:
        return _check_at(runs, tolerance, rng)
    except WrongError as fault:
        return [fault.check]


def _check_at(runs: Runs, tolerance: float, rng: np.random.Generator) -> list[ArrayCheck]:
    watch = _Watch(runs) if runs.closely else None
    y = _numbers(runs.forward(), runs.name)
    if watch is not None:
        watch.unchanged("forward")
    output = y.copy()
    # Different for every output, or a layer that mixes outputs up would pass.
    δEδy = np.asarray(rng.uniform(0.5, 1.5, y.shape))
    # A copy: a backward that scales the error in place would scale the differences too.
    given = δEδy.copy()
    δEδx, δEδp = _pair(runs.model.backward(given), runs.name)
    if watch is not None:
        if not _same(given, δEδy):
            raise WrongError(runs.name, "backward writes to δEδy: it needs a copy")
        watch.unchanged("backward")
        _check_own(runs.model, {"the output": y, runs.name: δEδx, **δEδp}, runs.name)
    # Copies, in case a later backward writes to them.
    values = {runs.name: np.array(δEδx), **_copies(δEδp)}
    compared = _Comparison(runs.output, output, δEδy, tolerance)
    checks = _compare(runs, values, compared)
    if watch is not None:
        # The forwards that were compared tell of these too, so they are told of first.
        watch.unchanged("forward")
        if not _same(y, output):
            raise WrongError(runs.name, "a later forward writes to an earlier output")
        if not _same(runs.output(), output):
            raise WrongError(runs.name, "two forwards of one input differ")
        if all(check.passed for check in checks):
            _check_next_backward(runs, δEδy, {runs.name: δEδx, **δEδp}, values)
    return checks


def _compare(runs: Runs, values: ParameterSet, compared: _Comparison) -> list[ArrayCheck]:
    """Compare the gradients of the input and of every parameter."""
    checks = [compared.along(runs.name, values[runs.name], runs.x, runs.slopes_at_once)]
    trained = runs.model.trained_parameters()
    for name, p in trained.items():
        if name not in values:
            checks.append(ArrayCheck(name, problem="the gradient is missing"))
        elif not isinstance(p, np.ndarray) or p.dtype != np.float64:
            found = getattr(p, "dtype", type(p).__name__)
            checks.append(ArrayCheck(name, problem=f"to be checked in float64, it is {found}"))
        else:
            checks.append(compared.along(name, values[name], p))
    checks += [
        ArrayCheck(name, problem="a gradient of nothing that is trained")
        for name in values
        if name not in trained and name != runs.name
    ]
    return checks


class _Watch:
    """The arguments and parameters as they were, which no forward or backward may write to."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._arguments = {name: value.copy() for name, value in runs.arguments.items()}
        # A remote layer counts its buffers among its parameters, and a forward may change those.
        buffers = runs.model.get_buffers()
        self._parameters = {
            name: np.array(p)
            for name, p in runs.model.get_parameters().items()
            if name not in buffers
        }

    def unchanged(self, method: str) -> None:
        """Refuse a method that has written to one of them."""
        for name, value in self._arguments.items():
            if not _same(self._runs.arguments[name], value):
                raise WrongError(name, f"{method} writes to its argument: it needs a copy")
        if not self._parameters:
            return
        live = self._runs.model.get_parameters()
        for name, value in self._parameters.items():
            if name in live and not _same(live[name], value):
                raise WrongError(
                    name, f"{method} changes the parameter: that is for an optimizer to do"
                )


def _numbers(answer: object, argument: str) -> Array:
    """Return what a forward returned, where it is an array of finite numbers."""
    if answer is None:
        raise WrongError(argument, "forward returns None: is there a `return y`?")
    y = np.asarray(answer)
    if y.dtype.kind not in "biuf":
        shown = f"one of {y.dtype}" if isinstance(answer, np.ndarray) else type(answer).__name__
        raise WrongError(argument, f"forward returns {shown}, not an array of numbers")
    if y.size == 0:
        raise WrongError(argument, "the output is empty, there is nothing to check")
    # As the method `all` does, in half the time.
    if not np.logical_and.reduce(np.isfinite(y), axis=None):
        raise WrongError(argument, "the output has NaN or infinity")
    return y


def _check_next_backward(
    runs: Runs, δEδy: Floats, gradients: Mapping[str, Array], values: Mapping[str, Array]
) -> None:
    """Run a backward after the last forward: nothing of the first one may be left in it."""
    later_x, later_p = _pair(runs.model.backward(2 * δEδy), runs.name)
    for name, gradient in gradients.items():
        if not _same(gradient, values[name]):
            raise WrongError(name, "a later backward writes to an earlier gradient")
    for name, later in {runs.name: later_x, **later_p}.items():
        if name not in values or not _is_twice(np.asarray(later), values[name]):
            problem = "for twice the δEδy the next backward does not give twice the gradient"
            raise WrongError(name, problem)


def _is_twice(later: Array, first: Array) -> bool:
    if later.shape != first.shape or later.dtype.kind not in "biuf":
        return False
    twice = np.asarray(2.0 * first)
    # `allclose` takes many times as long, and a backward of few operations is exactly linear.
    return _same(later, twice) or np.allclose(later, twice, rtol=1e-9, atol=1e-300)


def _same(one: Array, other: Array) -> bool:
    """Tell whether two arrays are equal, NaN being equal to NaN."""
    if isinstance(one, np.ndarray) and one.shape == other.shape and one.dtype is other.dtype:
        # Few numbers are compared as bytes in half the time. Equal numbers may differ in them.
        return one.tobytes() == other.tobytes() or np.array_equal(one, other, equal_nan=True)
    return np.array_equal(one, other, equal_nan=True)


def _pair(answer: object, argument: str) -> tuple[Array, ParameterSet]:
    if answer is None:
        raise WrongError(argument, "backward returns None: is there a `return δEδx, δEδp`?")
    if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], Mapping)):
        raise WrongError(argument, "backward gives no (δEδx, {parameter: gradient})")
    return answer[0], dict(answer[1])


def _check_own(model: Model, results: Mapping[str, Array], argument: str) -> None:
    """Refuse a result that is a parameter or a buffer, or a view of one: it changes with it."""
    for kept, array in (*model.get_parameters().items(), *model.get_buffers().items()):
        for name, result in results.items():
            if isinstance(result, np.ndarray) and np.may_share_memory(result, array):
                shown = name if name in (argument, "the output") else f"the gradient of {name}"
                raise WrongError(
                    argument if name == "the output" else name,
                    f"{shown} is a view of {kept}: it needs a copy",
                )


def _copies(arrays: Mapping[str, Array]) -> ParameterSet:
    return {name: np.array(array) for name, array in arrays.items()}


#: Given an output, what it weighs and the gradient: the slopes, or None where that needs more.
_AtOnce = Callable[[Array, Floats, Array], Floats | None]


@dataclass
class _Comparison:
    """Gradients against differences of the output, weighed by `δEδy`."""

    forward: Callable[[], Array]
    y: Array
    δEδy: Floats
    tolerance: float

    def along(
        self, name: str, analytic: object, moved: Floats, at_once: _AtOnce | None = None
    ) -> ArrayCheck:
        """Compare a gradient element by element; `moved` is moved in place, and moved back."""
        given = np.asarray(analytic)
        if given.shape != moved.shape or given.dtype.kind not in "biuf":
            shape = f"{given.shape} of {given.dtype}"
            return ArrayCheck(name, problem=f"the gradient is {shape}, not floats {moved.shape}")
        if moved.size == 0:
            return ArrayCheck(name, problem="it is empty, there is nothing to check")
        slopes = at_once(self.y, self.δEδy, given) if at_once is not None else None
        off_first = _all_off(self._slopes(moved, given) if slopes is None else slopes, given)
        furthest = float(off_first.max())
        # NaN is not within the tolerance, and is what an infinite gradient is off by.
        if furthest <= self.tolerance:
            return ArrayCheck(name, checked=moved.size, worst=furthest)
        if not np.isfinite(given).all():
            return ArrayCheck(name, problem="the gradient has NaN or infinity")
        agrees = off_first <= self.tolerance
        worst, kinks = float(np.max(off_first, where=agrees, initial=0.0)), 0
        # NaN agrees with nothing.
        for index in map(tuple, np.argwhere(~agrees).tolist()):
            slope = float(given[index])
            off, numerical, kink = self._element(moved, index, slope)
            if kink:
                kinks += 1
            elif off <= self.tolerance:
                worst = max(worst, off)
            else:
                # NaN compares as no agreement: it ends up here too.
                place = f"at {list(index)} it is {slope:.6g}, differences say {numerical:.6g}"
                return ArrayCheck(name, worst=off, kinks=kinks, problem=place)
        if kinks > (1 - _LEAST_SHARE) * moved.size:
            return ArrayCheck(name, worst=worst, kinks=kinks, problem="most of it lies at kinks")
        return ArrayCheck(name, checked=moved.size - kinks, worst=worst, kinks=kinks)

    def _slopes(self, moved: Floats, given: Array) -> Floats:
        """Return each slope by the first step, which nearly always settles it."""
        numerical = np.empty(moved.shape)
        slopes, place, step = numerical.reshape(-1), moved.flat, _STEPS[0]
        forward, y, weights, expected = self.forward, self.y, self.δEδy, given.ravel().tolist()
        straight, apart = True, False
        # Once for each element, so nothing is called here that need not be.
        for i, here in enumerate(moved.ravel().tolist()):
            try:
                place[i] = end = here + step
                above = returned = forward()
                if straight:
                    slope = np.vdot(above - y, weights) / (end - here)
                    straight = abs(slope - expected[i]) <= STRAIGHT * max(1.0, abs(slope))
                if not straight:
                    if not apart:
                        # A forward may write every output to one array, or return its input.
                        above = returned.copy()
                    place[i] = start = here - step
                    below = forward()
                    apart = apart or not np.may_share_memory(returned, below)
                    slope = np.vdot(above - below, weights) / (end - start)
                slopes[i] = slope
            finally:
                place[i] = here
        return numerical

    def _element(self, moved: Floats, index: Index, given: float) -> tuple[float, float, bool]:
        """Return how far a slope is off, what differences say, and whether there is a kink."""
        off, numerical = np.nan, np.nan
        for step in _STEPS:
            below, above, width = self._around(moved, index, step)
            numerical = self._weigh(above - below) / width
            scale = max(1.0, abs(numerical), abs(given))
            off = abs(numerical - given) / scale
            if off <= self.tolerance:
                return off, numerical, False
        # Where the slope jumps, as that of ReLU does at zero, differences say something between
        # the slopes on both sides, of which the given one may be any. Where it does not jump, the
        # slopes on both sides of so small a step are the same.
        jump = abs(self._weigh(above + below - 2 * self.y)) / (width / 2)
        return off, numerical, off * scale <= jump / 2 + self.tolerance * scale

    def _around(self, moved: Floats, index: Index, step: float) -> tuple[Array, Array, float]:
        """Return the outputs below and above a coordinate, and how far they are apart."""
        # Numbers of Python's: NumPy's take several times as long.
        here = moved.item(index)
        try:
            moved[index] = start = here - step
            below = self.forward().copy()
            moved[index] = end = here + step
            # A copy as well: it may be the very array that is moved back.
            above = self.forward().copy()
        finally:
            moved[index] = here
        return below, above, end - start

    def _weigh(self, change: Array) -> float:
        return float(np.vdot(change, self.δEδy))


@quiet
def _all_off(numerical: Floats, given: Array) -> Floats:
    """Return how far each slope is off, relative to the larger of 1 and the slope that is given."""
    off: Floats = np.abs(np.asarray(numerical - given))
    off /= np.maximum(np.abs(given), 1.0)
    return off


def redraw(model: Model, rng: np.random.Generator) -> None:
    """Give a model other parameters and buffers, in place.

    A scale of ones hides a backward that forgets the scale. Buffers are drawn positive: they may
    be variances.
    """
    for p in model.get_parameters().values():
        if isinstance(p, np.ndarray) and p.dtype == np.float64 and p.flags.writeable:
            p[...] = rng.standard_normal(p.shape)
    buffers = model.get_buffers()
    if buffers:
        model.set_buffers({name: rng.uniform(0.5, 1.5, b.shape) for name, b in buffers.items()})
