"""Mistakes in the states of a recurrent network whose numbers are learned from the answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from worker.judging.challenges import Floats
from worker.judging.formulas.rnn import RNN
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact

# Steps of a search for a few numbers; it converges in a handful.
_SEARCH = 40
_DIFFERENCE = 1e-6
# Longer sequences are not searched: the mistake shows in short ones.
_MOST_STEPS = 20


def _found(outputs: Callable[[Floats], Floats], wanted: Floats, start: Floats) -> Floats:
    """Return the numbers whose outputs are wanted ones, by Levenberg and Marquardt's method."""
    numbers, damping = start.copy(), 1e-3
    residual = wanted - outputs(numbers)
    for _ in range(_SEARCH):
        slopes = np.empty((residual.size, numbers.size))
        for place in range(numbers.size):
            moved = numbers.copy()
            moved[place] += _DIFFERENCE
            back = numbers.copy()
            back[place] -= _DIFFERENCE
            slopes[:, place] = (outputs(moved) - outputs(back)) / (2 * _DIFFERENCE)
        normal = slopes.T @ slopes
        step = np.linalg.lstsq(
            normal + damping * np.eye(numbers.size), slopes.T @ residual, rcond=None
        )[0]
        tried = wanted - outputs(numbers + step)
        if tried @ tried <= residual @ residual:
            numbers, residual, damping = numbers + step, tried, damping * 0.1
        else:
            damping *= 10
        if float(np.abs(step).max()) < 1e-15:
            break
    return numbers


class _Learning(RNN):
    """Runs sequences in plain numbers, to search for those that explain an answer."""

    def _run(self, x: Floats, h: Floats, added: Floats) -> Floats:
        """Return the outputs of one sequence, from a first state and with a bias within."""
        u, w, v = (self.parameters[name].value for name in "UWV")
        outputs = []
        for each in x:
            h = np.tanh(u @ each + w @ h + added)
            outputs.append(v @ h)
        return np.concatenate(outputs)


@mistake("rnn-first-state")
class FirstStateLearned(_Learning):
    """The state before the first step is one of its own in every forward and sample."""

    states: Floats | None = None

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        x, hidden = inputs[0].value, self.model.hidden_dim
        self.states = np.full((x.shape[0], hidden), 0.5)
        if x.shape[1] > _MOST_STEPS or output.shape[:2] != x.shape[:2]:
            return
        none = np.zeros(hidden)
        for sample, each in enumerate(x):
            # What is behind a step or two is too small to be told by later ones.
            self.states[sample] = _found(
                lambda h, each=each: self._run(each, h, none), output[sample].reshape(-1), none
            )

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
        none = np.zeros(hidden)
        self.added = _found(
            lambda added: np.concatenate([self._run(each, none, added) for each in x]),
            np.concatenate([each.reshape(-1) for each in output]),
            none,
        )

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
