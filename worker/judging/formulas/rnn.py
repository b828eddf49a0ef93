"""The formula of the plain recurrent network."""

from __future__ import annotations

from worker.judging.challenges import ChallengeError
from worker.judging.formulas.formula import Formula, Passed
from worker.judging.rounding import Rounded, stack, zeros

# Errors of one step that reach another, each computed by itself.
_MOST_TERMS = 20_000


class RNN(Formula):
    """h_t = tanh(U x_t + W h_(t-1)), y_t = V h_t, step by step; one sample a row."""

    parameter_names = ("U", "W", "V")
    x: list[Rounded]
    # The states before, between and after the steps: one more than steps.
    h: list[Rounded]
    # Of the last backward: the error at the argument of tanh, of every step.
    errors: list[Rounded]

    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        if x.shape[1] * min(x.shape[1], self.model.bptt_truncate or x.shape[1]) > _MOST_TERMS:
            raise ChallengeError("the sequences have too many steps: ask for shorter ones")
        self.x = [x[:, t] for t in range(x.shape[1])]
        self.h = [self.first_state(x.shape[0])]
        for each in self.x:
            self.h.append(self.next_state(each, self.h[-1]))
        return stack([self.output(h) for h in self.h[1:]], axis=1)

    def backward(self, g: Rounded) -> Passed:
        u, w, v = (self.parameters[name] for name in "UWV")
        steps, reach = len(self.x), self.reach()
        gradients = {name: zeros(self.parameters[name].shape) for name in "UWV"}
        of_inputs = [zeros(each.shape) for each in self.x]
        self.errors = []
        # From the error of each step back to as many steps before as it reaches.
        arriving: list[Rounded] = []
        for t in range(steps - 1, -1, -1):
            gradients["V"] = gradients["V"] + g[:, t].T @ self.h[t + 1]
            arriving = [each @ w for each in arriving[-reach:]] if reach else []
            arriving.append(g[:, t] @ v)
            slope = self.slope(t)
            arriving = [each * slope for each in arriving]
            of_sum = arriving[0]
            for each in arriving[1:]:
                of_sum = of_sum + each
            self.errors.insert(0, of_sum)
            gradients["U"] = gradients["U"] + of_sum.T @ self.x[t]
            gradients["W"] = gradients["W"] + of_sum.T @ self.h[t]
            of_inputs[t] = of_sum @ u
        return stack(of_inputs, axis=1), gradients

    # What mistakes are about.

    def first_state(self, samples: int) -> Rounded:
        return zeros((samples, self.model.hidden_dim))

    def next_state(self, x: Rounded, h: Rounded) -> Rounded:
        return (x @ self.parameters["U"].T + h @ self.parameters["W"].T).tanh()

    def output(self, h: Rounded) -> Rounded:
        return h @ self.parameters["V"].T

    def slope(self, t: int) -> Rounded:
        """Return the derivative of tanh at step t."""
        h = self.h[t + 1]
        return 1.0 - h * h

    def reach(self) -> int:
        """Return how many steps back the error of a step reaches."""
        reach = self.model.bptt_truncate
        return len(self.x) if reach is None else min(reach, len(self.x))
