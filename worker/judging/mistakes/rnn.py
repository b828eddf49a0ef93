"""Mistakes of the plain recurrent network."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.activations import softmax
from worker.judging.formulas.formula import Gradients, Passed
from worker.judging.formulas.rnn import RNN
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact, zeros


@mistake(
    "rnn-gradient-without-recurrence",
    "The error of a step also goes back to the steps before, through W.",
    "El error de un paso también vuelve a los pasos anteriores, a través de W.",
)
class WithoutRecurrence(RNN):
    def reach(self) -> int:
        return 0


@mistake(
    "rnn-truncation-ignored",
    "bptt_truncate says how many steps back the error goes; here it goes all the way.",
    "bptt_truncate dice cuántos pasos atrás llega el error; aquí llega hasta el principio.",
)
class TruncationIgnored(RNN):
    def reach(self) -> int:
        return len(self.x)


@mistake(
    "rnn-truncation-off-by-one",
    "The error goes back one step too many or too few: bptt_truncate counts the steps back.",
    "El error vuelve un paso de más o de menos: bptt_truncate cuenta los pasos hacia atrás.",
)
class OneStepMore(RNN):
    def reach(self) -> int:
        return min(super().reach() + 1, len(self.x))


@mistake("rnn-truncation-off-by-one")
class OneStepLess(RNN):
    def reach(self) -> int:
        reach = self.model.bptt_truncate
        return len(self.x) if reach is None else max(0, reach - 1)


@mistake(
    "rnn-gradient-of-last-step",
    "Every step has an error of its own: add up all of them, not the last one's alone.",
    "Cada paso tiene su propio error: súmalos todos, no solo el del último.",
)
class OfLastStep(RNN):
    def backward(self, g: Rounded) -> Passed:
        last = np.zeros(g.shape)
        last[:, -1] = g.value[:, -1]
        return super().backward(Rounded(last))


class _OfOneStep(RNN):
    """The gradients of the parameters are those of one step instead of the sum over all."""

    step = 0

    def backward(self, g: Rounded) -> Passed:
        of_input, _ = super().backward(g)
        step = self.step % len(self.x)
        # The error at the argument of tanh, from the gradient of the input, by the same U.
        of_sum = self.errors[step]
        gradients: Gradients = {
            "U": of_sum.T @ self.x[step],
            "W": of_sum.T @ self.h[step],
            "V": g[:, step].T @ self.h[step + 1],
        }
        return of_input, gradients


@mistake(
    "rnn-gradients-overwritten",
    "The same weights serve all steps: their gradients add up over time.",
    "Los mismos pesos sirven a todos los pasos: sus gradientes se suman en el tiempo.",
)
class OfFirstStep(_OfOneStep):
    step = 0


@mistake("rnn-gradients-overwritten")
class OfFinalStep(_OfOneStep):
    step = -1


@mistake(
    "rnn-gradients-averaged",
    "The gradients add up over the steps; here they are divided by their number.",
    "Los gradientes se suman sobre los pasos; aquí se dividen por su cantidad.",
)
class OverSteps(RNN):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        steps = float(len(self.x))
        return of_input / steps, {name: each / steps for name, each in gradients.items()}


@mistake(
    "rnn-gradient-clipped",
    "The gradients are clipped; this layer leaves them as they are.",
    "Los gradientes están recortados; esta capa los deja como son.",
)
class Clipped(RNN):
    bound = 1.0

    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        clipped = {
            name: Rounded(np.clip(each.value, -self.bound, self.bound), each.error)
            for name, each in gradients.items()
        }
        return of_input, clipped


@mistake("rnn-gradient-clipped")
class ClippedAtFive(Clipped):
    bound = 5.0


@mistake(
    "rnn-derivative-forgotten",
    "Going back through tanh, the error is multiplied by 1-h².",
    "Al volver por tanh, el error se multiplica por 1-h².",
)
class DerivativeForgotten(RNN):
    def slope(self, t: int) -> Rounded:
        return exact(np.ones(self.h[t + 1].shape))


@mistake(
    "rnn-derivative-wrong",
    "The derivative of tanh at a step is 1-h² with that step's own state h.",
    "La derivada de tanh en un paso es 1-h² con el estado h de ese mismo paso.",
)
class DerivativeNotSquared(RNN):
    def slope(self, t: int) -> Rounded:
        return 1.0 - self.h[t + 1]


@mistake("rnn-derivative-wrong")
class DerivativeOfStateBefore(RNN):
    def slope(self, t: int) -> Rounded:
        return 1.0 - self.h[t] * self.h[t]


@mistake("rnn-derivative-wrong")
class DerivativeOfSigmoid(RNN):
    def slope(self, t: int) -> Rounded:
        return self.h[t + 1] * (1.0 - self.h[t + 1])


@mistake(
    "rnn-w-transposed",
    "W stands on the left of the state: h_t = tanh(U x_t + W h_(t-1)); here it is transposed.",
    "W está a la izquierda del estado: h_t = tanh(U x_t + W h_(t-1)); aquí está traspuesta.",
)
class RecurrentTransposed(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return (x @ self.parameters["U"].T + h @ self.parameters["W"]).tanh()


@mistake(
    "rnn-w-not-transposed-in-backward",
    "Going back in time the error is multiplied by the transpose of W.",
    "Al volver en el tiempo el error se multiplica por la traspuesta de W.",
)
class RecurrentNotTransposed(RNN):
    def backward(self, g: Rounded) -> Passed:
        kept = self.parameters
        self.parameters = {**kept, "W": kept["W"].T}
        try:
            return super().backward(g)
        finally:
            self.parameters = kept


@mistake(
    "rnn-w-gradient-of-own-state",
    "The gradient of W takes the state before the step, h_(t-1), not the step's own.",
    "El gradiente de W usa el estado anterior al paso, h_(t-1), no el del propio paso.",
)
class RecurrentOfOwnState(RNN):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        total = zeros(gradients["W"].shape)
        for t, error in enumerate(self.errors):
            total = total + error.T @ self.h[t + 1]
        return of_input, {**gradients, "W": total}


@mistake(
    "rnn-v-gradient-of-state-before",
    "The gradient of V takes the state of the step itself, h_t.",
    "El gradiente de V usa el estado del propio paso, h_t.",
)
class OutputOfStateBefore(RNN):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        total = zeros(gradients["V"].shape)
        for t in range(len(self.x)):
            total = total + g[:, t].T @ self.h[t]
        return of_input, {**gradients, "V": total}


@mistake(
    "rnn-state-kept",
    "Every sequence begins with a state of zeros; here the last one's state goes on.",
    "Cada secuencia comienza con un estado de ceros; aquí continúa el estado de la anterior.",
)
class StateKept(RNN):
    def first_state(self, samples: int) -> Rounded:
        kept = self.__dict__.get("h")
        if kept and kept[-1].shape[0] == samples:
            last: Rounded = kept[-1]
            return last
        return super().first_state(samples)


@mistake(
    "rnn-recurrence-forgotten",
    "A state depends on the one before: W h_(t-1) is missing.",
    "Un estado depende del anterior: falta W h_(t-1).",
)
class RecurrenceForgotten(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return (x @ self.parameters["U"].T).tanh()


@mistake(
    "rnn-activation-forgotten",
    "The state goes through tanh.",
    "El estado pasa por tanh.",
)
class TanhForgotten(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return x @ self.parameters["U"].T + h @ self.parameters["W"].T


@mistake("rnn-activation-forgotten")
class SigmoidState(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return (x @ self.parameters["U"].T + h @ self.parameters["W"].T).sigmoid()


@mistake("rnn-activation-forgotten")
class ReluState(RNN):
    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        summed = x @ self.parameters["U"].T + h @ self.parameters["W"].T
        return summed.where(summed.value > 0)


@mistake(
    "rnn-output-activated",
    "The output is V h as it is, without another activation.",
    "La salida es V h tal cual, sin otra activación.",
)
class OutputTanh(RNN):
    def output(self, h: Rounded) -> Rounded:
        return super().output(h).tanh()


@mistake("rnn-output-activated")
class OutputSigmoid(RNN):
    def output(self, h: Rounded) -> Rounded:
        return super().output(h).sigmoid()


@mistake("rnn-output-activated")
class OutputSoftmax(RNN):
    def output(self, h: Rounded) -> Rounded:
        return softmax(super().output(h))


@mistake("rnn-output-activated")
class OutputLogarithm(RNN):
    def output(self, h: Rounded) -> Rounded:
        return softmax(super().output(h)).log()


@mistake("rnn-output-activated")
class OutputSoftmaxOverTime(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        return softmax(y.transpose(0, 2, 1)).transpose(0, 2, 1)


@mistake("rnn-output-activated")
class OutputRelu(RNN):
    def output(self, h: Rounded) -> Rounded:
        y = super().output(h)
        return y.where(y.value > 0)


@mistake(
    "rnn-output-of-state-before",
    "The output of a step takes the state after the step.",
    "La salida de un paso usa el estado posterior al paso.",
)
class OutputBefore(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        first = self.output(self.h[0]).value[:, np.newaxis]
        value = np.concatenate([first, y.value[:, :-1]], axis=1)
        return Rounded(value, y.error)


@mistake(
    "rnn-last-output-alone",
    "Every step has an output: the shape is (samples, steps, output_dim).",
    "Cada paso tiene una salida: la forma es (muestras, pasos, output_dim).",
)
class LastOutput(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(*inputs)[:, -1]


@mistake(
    "rnn-time-reversed",
    "The steps are read from the first to the last.",
    "Los pasos se leen del primero al último.",
)
class Reversed(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(inputs[0][:, ::-1])[:, ::-1]

    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g[:, ::-1])
        return of_input[:, ::-1], gradients


@mistake(
    "rnn-axes-exchanged",
    "The first axis is that of the samples, the second that of the steps.",
    "El primer eje es el de las muestras, el segundo el de los pasos.",
)
class AxesExchanged(RNN):
    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(inputs[0].transpose(1, 0, 2)).transpose(1, 0, 2)

    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g.transpose(1, 0, 2))
        return of_input.transpose(1, 0, 2), gradients
