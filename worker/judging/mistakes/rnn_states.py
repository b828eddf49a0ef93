"""Mistakes in the states of a recurrent network whose numbers are learned from the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from worker.judging.challenges import Floats
from worker.judging.formulas.rnn import RNN
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact

# Steps of a search for a few numbers; it converges in a handful.
_SEARCH = 25
# After so many of them, what is still so large a share is no small matter of the numbers.
_FIRST_SEARCH, _HOPELESS = 8, 0.3
# A residual of that share of what is wanted is rounding.
_FOUND = 1e-14
# Longer sequences are not searched: the mistake shows in short ones.
_MOST_STEPS = 20

# Returns the outputs of some numbers, and their slopes: one column for each number.
Outputs = Callable[[Floats], tuple[Floats, Floats]]


def _found(outputs: Outputs, wanted: Floats, count: int) -> Floats:
    """Return the numbers whose outputs are wanted ones, by Levenberg and Marquardt's method."""
    numbers, damping = np.zeros(count), 1e-3
    given, slopes = outputs(numbers)
    residual = wanted - given
    for search in range(_SEARCH):
        left = np.linalg.norm(residual) / max(float(np.linalg.norm(wanted)), 1e-300)
        if left <= _FOUND or damping > 1e6 or (search >= _FIRST_SEARCH and left > _HOPELESS):
            break
        damped = np.concatenate([slopes, np.sqrt(damping) * np.eye(count)])
        step = np.linalg.lstsq(damped, np.concatenate([residual, np.zeros(count)]), rcond=None)[0]
        given, tried = outputs(numbers + step)
        if np.linalg.norm(wanted - given) < np.linalg.norm(residual):
            numbers, residual, slopes = numbers + step, wanted - given, tried
            damping *= 0.01
        else:
            damping *= 10
    return numbers


class _Learning(RNN):
    """Runs sequences in plain numbers, to search for those that explain an answer."""

    def _run(self, x: Floats, first: Floats, added: Floats, bias: bool) -> tuple[Floats, Floats]:
        """Return the outputs of one sequence, and their slopes.

        Parameters
        ----------
        x : ndarray, shape (steps, input_dim)
        first, added : ndarray, shape (hidden_dim,)
            The state before the first step, and a bias within.
        bias : bool
            Whether the slopes are those of the bias, and not those of the first state.
        """
        u, w, v = (self.parameters[name].value for name in "UWV")
        identity = np.eye(first.size)
        h, of_h = first, np.zeros_like(identity) if bias else identity
        outputs, slopes = [], []
        for each in x:
            h = np.tanh(u @ each + w @ h + added)
            of_h = (1 - h * h)[:, np.newaxis] * (w @ of_h + (identity if bias else 0.0))
            outputs.append(v @ h)
            slopes.append(v @ of_h)
        return np.concatenate(outputs), np.concatenate(slopes)


@mistake("rnn-first-state")
class FirstStateLearned(_Learning):
    """The state before the first step is one of its own in every forward and sample."""

    states: Floats | None = None

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        x, hidden = inputs[0].value, self.model.hidden_dim
        self.states = np.zeros((x.shape[0], hidden))
        if x.shape[1] > _MOST_STEPS or output.shape[:2] != x.shape[:2]:
            return
        if output[0].size <= hidden:
            # So few numbers could be explained by any state.
            return
        for sample, each in enumerate(x):
            self.states[sample] = _found(
                partial(self._of_state, each), output[sample].reshape(-1), hidden
            )

    def _of_state(self, x: Floats, state: Floats) -> tuple[Floats, Floats]:
        return self._run(x, state, np.zeros(state.size), False)

    def first_state(self, samples: int) -> Rounded:
        if self.states is None or len(self.states) != samples:
            return exact(np.full((samples, self.model.hidden_dim), 0.5))
        # Found to about the precision of the answer.
        return Rounded(self.states, np.abs(self.states) * 100)


@mistake(
    "rnn-bias-too-many",
    "The state is tanh(U x + W h): this layer has no bias.",
    "El estado es tanh(U x + W h): esta capa no tiene sesgo (bias).",
)
class HiddenBias(_Learning):
    added: Floats | None = None

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        x, hidden = inputs[0].value, self.model.hidden_dim
        if self.added is not None or output.shape[:2] != x.shape[:2]:
            return
        if x.shape[1] > _MOST_STEPS or output.size < 2 * hidden:
            return
        self.added = _found(
            lambda added: self._run_all(x, added), output.reshape(-1).astype(np.float64), hidden
        )

    def _run_all(self, x: Floats, added: Floats) -> tuple[Floats, Floats]:
        first = np.zeros(added.size)
        runs = [self._run(each, first, added, True) for each in x]
        return np.concatenate([each[0] for each in runs]), np.concatenate([e[1] for e in runs])

    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        added = np.full(self.model.hidden_dim, 0.25) if self.added is None else self.added
        summed = x @ self.parameters["U"].T + h @ self.parameters["W"].T
        return (summed + Rounded(added, np.abs(added) * 100)).tanh()


@mistake("rnn-state-averaged")
class StateLeaking(RNN):
    """The new state has a share of the old one, and the derivative of a leak is left out or not."""

    share = 0.3

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        if "share" in self.__dict__:
            return
        # At the first step the old state is zero.
        right = RNN.forward(_plain(self), inputs[0][:, :1]).value
        if output.ndim == 3 and output[:, :1].shape == right.shape:
            self.share = 1 - float(np.vdot(output[:, :1], right) / np.vdot(right, right))

    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        share = self.share
        return h * share + super().next_state(x, h) * (1 - share)


@mistake(
    "rnn-sum-scaled",
    "The sum within tanh is taken as it is; here it is multiplied, divided or normalised first.",
    "La suma dentro de tanh se toma tal cual; aquí antes se multiplica, se divide o se normaliza.",
)
class DividedByRoot(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        summed = x @ self.parameters["U"].T + h @ self.parameters["W"].T
        return (summed / float(np.sqrt(self.model.hidden_dim))).tanh()


@mistake("rnn-sum-scaled")
class Halved(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return ((x @ self.parameters["U"].T + h @ self.parameters["W"].T) * 0.5).tanh()


class _OfAnother(RNN):
    """The state goes through another function than tanh."""

    def function(self, summed: Rounded) -> Rounded:
        raise NotImplementedError

    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return self.function(x @ self.parameters["U"].T + h @ self.parameters["W"].T)


@mistake(
    "rnn-another-activation",
    "The state goes through tanh; here it goes through another function.",
    "El estado pasa por tanh; aquí pasa por otra función.",
)
class Softsign(_OfAnother):
    def function(self, summed: Rounded) -> Rounded:
        return summed / (1.0 + abs(summed))


@mistake("rnn-another-activation")
class HardTanh(_OfAnother):
    def function(self, summed: Rounded) -> Rounded:
        return Rounded(np.clip(summed.value, -1, 1), summed.error)


@mistake("rnn-another-activation")
class Sine(_OfAnother):
    def function(self, summed: Rounded) -> Rounded:
        return Rounded(np.sin(summed.value), summed.error + 4.0)


@mistake("rnn-another-activation")
class ArcTangent(_OfAnother):
    def function(self, summed: Rounded) -> Rounded:
        return Rounded(np.arctan(summed.value), summed.error + 4.0)


@mistake("rnn-another-activation")
class LeakyRelu(_OfAnother):
    def function(self, summed: Rounded) -> Rounded:
        return summed.where(summed.value > 0, summed * 0.01)


@mistake(
    "rnn-products-combined",
    "The products U x and W h are added; here they are subtracted or multiplied.",
    "Los productos U x y W h se suman; aquí se restan o se multiplican.",
)
class Subtracted(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return (x @ self.parameters["U"].T - h @ self.parameters["W"].T).tanh()


@mistake("rnn-products-combined")
class Multiplied(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return ((x @ self.parameters["U"].T) * (h @ self.parameters["W"].T)).tanh()


@mistake(
    "rnn-output-of-mean-state",
    "The output of a step takes that step's state, not the mean of the states so far.",
    "La salida de un paso usa el estado de ese paso, no la media de los estados hasta entonces.",
)
class OutputOfMeanState(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        counts = np.arange(1, y.shape[1] + 1)[np.newaxis, :, np.newaxis]
        value = np.cumsum(y.value, axis=1) / counts
        return Rounded(value, np.cumsum(y.error + np.abs(y.value), axis=1))


@mistake(
    "rnn-output-of-sum",
    "The output takes the state behind tanh; here it takes the sum before it.",
    "La salida usa el estado que sale de tanh; aquí usa la suma anterior.",
)
class OutputOfSum(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        v = self.parameters["V"].T
        u, w = self.parameters["U"].T, self.parameters["W"].T
        sums = [x @ u + h @ w for x, h in zip(self.x, self.h, strict=False)]
        value = np.stack([(each @ v).value for each in sums], axis=1)
        return Rounded(value, np.stack([(each @ v).error for each in sums], axis=1))


@mistake(
    "rnn-samples-mixed",
    "Each sample has a state of its own; here the samples of a batch share one.",
    "Cada muestra tiene su propio estado; aquí las muestras del lote comparten uno.",
)
class SamplesMixed(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        state = super().next_state(x, h)
        return state.mean(0, keepdims=True).broadcast_to(state.shape)


class _OneInput(RNN):
    """Every step reads the input of one step."""

    step = 0

    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        order = np.full(x.shape[1], self.step % x.shape[1])
        return super().forward(x[:, order])


@mistake(
    "rnn-input-of-one-step",
    "Each step has an input of its own; here every step reads that of the first or the last.",
    "Cada paso tiene su propia entrada; aquí todos leen la del primero o la del último.",
)
class FirstInput(_OneInput):
    step = 0


@mistake("rnn-input-of-one-step")
class LastInput(_OneInput):
    step = -1


@mistake("rnn-input-of-step-before")
class InputWrapped(RNN):
    """The first step reads the last input, as an index of -1 does."""

    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        return super().forward(x[:, np.arange(x.shape[1]) - 1])


def _plain(formula: RNN) -> RNN:
    """Return the right formula with the same layer and parameters."""
    plain = RNN.__new__(RNN)
    plain.__dict__.update(formula.__dict__)
    return plain
