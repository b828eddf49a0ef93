"""Mistakes of a recurrent network in which steps are mixed up, left out or counted twice."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.formula import Gradients, Passed
from worker.judging.formulas.rnn import RNN
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact, stack, zeros

# Forward.


@mistake(
    "rnn-input-of-step-before",
    "The state of a step takes that step's own input, not the one before.",
    "El estado de un paso toma la entrada de ese mismo paso, no la anterior.",
)
class InputOfStepBefore(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        shifted = np.zeros(x.shape)
        shifted[:, 1:] = x.value[:, :-1]
        return super().forward(Rounded(shifted))


@mistake(
    "rnn-tanh-before-sum",
    "tanh is taken of the sum of both products, not of the input's alone.",
    "tanh se toma de la suma de ambos productos, no solo del de la entrada.",
)
class TanhBeforeSum(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return (x @ self.parameters["U"].T).tanh() + h @ self.parameters["W"].T


@mistake("rnn-tanh-before-sum")
class TanhOfEach(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return (x @ self.parameters["U"].T).tanh() + (h @ self.parameters["W"].T).tanh()


@mistake(
    "rnn-state-added",
    "The new state replaces the old one; here the old one is added to it.",
    "El estado nuevo reemplaza al anterior; aquí se le suma el anterior.",
)
class StateAdded(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return h + super().next_state(x, h)


@mistake(
    "rnn-state-averaged",
    "The new state replaces the old one; here it is their mean.",
    "El estado nuevo reemplaza al anterior; aquí es la media de ambos.",
)
class StateAveraged(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return (h + super().next_state(x, h)) * 0.5


@mistake(
    "rnn-state-not-squashed-before",
    "The state that goes on is the one behind tanh; here the sum before tanh goes on.",
    "El estado que sigue es el que sale de tanh; aquí sigue la suma anterior a tanh.",
)
class SumGoesOn(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return x @ self.parameters["U"].T + h @ self.parameters["W"].T

    def output(self, h: Rounded) -> Rounded:
        return super().output(h.tanh())


@mistake(
    "rnn-input-forgotten",
    "The input of each step is a part of its state; here only the first one is.",
    "La entrada de cada paso es parte de su estado; aquí solo lo es la primera.",
)
class OnlyFirstInput(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        first = np.zeros(x.shape)
        first[:, 0] = x.value[:, 0]
        return super().forward(Rounded(first))


@mistake(
    "rnn-first-state",
    "The state before the first step is zero.",
    "El estado antes del primer paso es cero.",
)
class StartsAtOne(RNN):
    def first_state(self, samples: int) -> Rounded:
        return exact(np.ones((samples, self.model.hidden_dim)))


@mistake(
    "rnn-state-through-samples",
    "Every sample begins with a state of zero; here it goes on from the sample before.",
    "Cada muestra comienza con el estado en cero; aquí sigue desde la muestra anterior.",
)
class ThroughSamples(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        outputs, h = [], zeros((1, self.model.hidden_dim))
        for sample in range(x.shape[0]):
            rows = []
            for t in range(x.shape[1]):
                h = self.next_state(x[sample : sample + 1, t], h)
                rows.append(self.output(h))
            outputs.append(stack(rows, axis=1))
        super().forward(x)
        return Rounded(
            np.concatenate([each.value for each in outputs]),
            np.concatenate([each.error for each in outputs]),
        )


@mistake(
    "rnn-outputs-summed",
    "Each step has an output of its own; here the outputs of the steps before are added.",
    "Cada paso tiene su propia salida; aquí se suman las de los pasos anteriores.",
)
class OutputsSummed(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        total, sums = zeros(y[:, 0].shape), []
        for t in range(y.shape[1]):
            total = total + y[:, t]
            sums.append(total)
        return stack(sums, axis=1)


# Backward.


class _Carried(RNN):
    """What goes back from a step to the one before, written step by step."""

    # The steps that the loop goes through, of all.
    skipped_at_end, skipped_at_start = 0, 0

    def carried(self, error: Rounded, arrived: Rounded) -> Rounded:
        """Return what arrives at the state before, of the error at a step's sum."""
        return error @ self.parameters["W"]

    def error_at_sum(self, t: int, arrived: Rounded) -> Rounded:
        return arrived * self.slope(t)

    def backward(self, g: Rounded) -> Passed:
        u, _, v = (self.parameters[name] for name in "UWV")
        gradients: Gradients = {name: zeros(self.parameters[name].shape) for name in "UWV"}
        steps = len(self.x)
        of_inputs = [zeros(each.shape) for each in self.x]
        carried = zeros(self.h[0].shape)
        for t in range(steps - 1 - self.skipped_at_end, self.skipped_at_start - 1, -1):
            gradients["V"] = gradients["V"] + g[:, t].T @ self.h[t + 1]
            arrived = self.arrived(g[:, t] @ v, carried)
            error = self.error_at_sum(t, arrived)
            gradients["U"] = gradients["U"] + error.T @ self.x[t]
            gradients["W"] = gradients["W"] + error.T @ self.h[t]
            of_inputs[t] = error @ u
            carried = self.carried(error, arrived)
        return stack(of_inputs, axis=1), gradients

    def arrived(self, of_output: Rounded, carried: Rounded) -> Rounded:
        return of_output + carried


@mistake(
    "rnn-carried-without-w",
    "What goes back to the step before is multiplied by W.",
    "Lo que vuelve al paso anterior se multiplica por W.",
)
class CarriedWithoutW(_Carried):
    def carried(self, error: Rounded, arrived: Rounded) -> Rounded:
        return error


@mistake(
    "rnn-carried-before-derivative",
    "What goes back through W is the error behind tanh's derivative, not the one before it.",
    "Lo que vuelve por W es el error ya multiplicado por la derivada de tanh, no el anterior.",
)
class CarriedBeforeDerivative(_Carried):
    def carried(self, error: Rounded, arrived: Rounded) -> Rounded:
        return arrived @ self.parameters["W"]


@mistake(
    "rnn-derivative-of-output-alone",
    "The whole error of a state is multiplied by 1-h², also what comes back from the next step.",
    "Todo el error de un estado se multiplica por 1-h², también lo que vuelve del paso siguiente.",
)
class DerivativeOfOutputAlone(_Carried):
    def backward(self, g: Rounded) -> Passed:
        self.back = zeros(self.h[0].shape)
        return super().backward(g)

    def arrived(self, of_output: Rounded, carried: Rounded) -> Rounded:
        self.back = carried
        return of_output

    def error_at_sum(self, t: int, arrived: Rounded) -> Rounded:
        return arrived * self.slope(t) + self.back


@mistake(
    "rnn-derivative-squared",
    "The error goes through tanh's derivative once a step; here it does twice.",
    "El error pasa por la derivada de tanh una vez por paso; aquí lo hace dos veces.",
)
class DerivativeTwice(_Carried):
    def error_at_sum(self, t: int, arrived: Rounded) -> Rounded:
        return arrived * self.slope(t) * self.slope(t)


@mistake(
    "rnn-carried-error-replaces",
    "The error of a step is what its output gives plus what comes back from the next step.",
    "El error de un paso es lo que da su salida más lo que vuelve del paso siguiente.",
)
class CarriedDoubled(_Carried):
    def arrived(self, of_output: Rounded, carried: Rounded) -> Rounded:
        return of_output + 2.0 * carried


@mistake("rnn-carried-error-replaces")
class CarriedReplaces(_Carried):
    def backward(self, g: Rounded) -> Passed:
        self.began = False
        return super().backward(g)

    def arrived(self, of_output: Rounded, carried: Rounded) -> Rounded:
        first, self.began = not self.began, True
        return of_output if first else carried


@mistake("rnn-carried-error-replaces")
class CarriedSubtracted(_Carried):
    def arrived(self, of_output: Rounded, carried: Rounded) -> Rounded:
        return of_output - carried


@mistake(
    "rnn-first-step-left-out",
    "The backward goes back to the first step; here it stops before it.",
    "El backward llega hasta el primer paso; aquí se detiene antes.",
)
class FirstLeftOut(_Carried):
    skipped_at_start = 1


@mistake(
    "rnn-last-step-left-out",
    "The backward begins at the last step; here it begins before it.",
    "El backward comienza en el último paso; aquí comienza antes.",
)
class LastLeftOut(_Carried):
    skipped_at_end = 1


@mistake(
    "rnn-gradient-goes-forward",
    "The error goes back in time, from the last step to the first; here it goes forward.",
    "El error va hacia atrás en el tiempo, del último paso al primero; aquí va hacia adelante.",
)
class GoesForward(_Carried):
    def backward(self, g: Rounded) -> Passed:
        u, w, v = (self.parameters[name] for name in "UWV")
        gradients: Gradients = {name: zeros(self.parameters[name].shape) for name in "UWV"}
        of_inputs, carried = [], zeros(self.h[0].shape)
        for t in range(len(self.x)):
            error = (g[:, t] @ v + carried) * self.slope(t)
            gradients["V"] = gradients["V"] + g[:, t].T @ self.h[t + 1]
            gradients["U"] = gradients["U"] + error.T @ self.x[t]
            gradients["W"] = gradients["W"] + error.T @ self.h[t]
            of_inputs.append(error @ u)
            carried = error @ w
        return stack(of_inputs, axis=1), gradients


class _OverwrittenAlone(RNN):
    """The gradient of one parameter is that of the last step that the backward goes through."""

    name = ""

    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        first: Gradients = {
            "U": self.errors[0].T @ self.x[0],
            "W": self.errors[0].T @ self.h[0],
            "V": g[:, 0].T @ self.h[1],
        }
        return of_input, gradients | {self.name: first[self.name]}


@mistake("rnn-gradients-overwritten")
class UOverwritten(_OverwrittenAlone):
    name = "U"


@mistake("rnn-gradients-overwritten")
class WOverwritten(_OverwrittenAlone):
    name = "W"


@mistake("rnn-gradients-overwritten")
class VOverwritten(_OverwrittenAlone):
    name = "V"


@mistake(
    "rnn-v-gradient-of-error",
    "The gradient of V is the output gradient times the state; nothing of tanh is in it.",
    "El gradiente de V es el gradiente de salida por el estado; no incluye nada de tanh.",
)
class OutputGradientOfInput(RNN):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        of_v = zeros(gradients["V"].shape)
        for t in range(len(self.x)):
            of_v = of_v + g[:, t].T @ (self.h[t + 1] * self.slope(t))
        return of_input, gradients | {"V": of_v}


@mistake(
    "rnn-u-gradient-of-input-before",
    "The gradient of U takes the input of the same step, not that of the step before.",
    "El gradiente de U usa la entrada del mismo paso, no la del paso anterior.",
)
class UGradientOfInputBefore(RNN):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        of_u = zeros(gradients["U"].shape)
        for t in range(1, len(self.x)):
            of_u = of_u + self.errors[t].T @ self.x[t - 1]
        return of_input, gradients | {"U": of_u}


@mistake("rnn-derivative-wrong")
class DerivativePlus(RNN):
    def slope(self, t: int) -> Rounded:
        h = self.h[t + 1]
        return 1.0 + h * h
