"""Mistakes of any optimizer."""

from __future__ import annotations

from worker.judging.formulas.optimizers import (
    ALL,
    WITH_STATE,
    OptimizerFormula,
)
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact


@mistake(
    "step-uphill",
    "The step goes along the gradient, which makes the error larger: subtract it.",
    "El paso va a favor del gradiente, lo que agranda el error: réstalo.",
    of=ALL,
)
class Uphill(OptimizerFormula):
    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        return p + (p - super().forward(p, g))


@mistake(
    "learning-rate-ignored",
    "The step is not multiplied by the learning rate.",
    "El paso no se multiplica por la tasa de aprendizaje.",
    of=ALL,
)
class RateIgnored(OptimizerFormula):
    def lr(self) -> Rounded:
        return exact(1.0)


@mistake(
    "update-without-parameter",
    "The new parameter is the old one minus the step; here it is the step alone.",
    "El parámetro nuevo es el anterior menos el paso; aquí es solo el paso.",
    of=ALL,
)
class UpdateAlone(OptimizerFormula):
    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        return super().forward(p, g) - p


@mistake("update-without-parameter", of=ALL)
class StepAlone(OptimizerFormula):
    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        return p - super().forward(p, g)


@mistake(
    "parameter-not-changed",
    "The parameter comes back as it was given.",
    "El parámetro vuelve tal como se dio.",
    of=ALL,
)
class NotChanged(OptimizerFormula):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return inputs[0]


@mistake(
    "state-not-kept",
    "What one step leaves must be there in the next; here each step begins anew.",
    "Lo que deja un paso debe estar en el siguiente; aquí cada paso comienza de nuevo.",
    of=WITH_STATE,
)
class StateLost(OptimizerFormula):
    def forward(self, *inputs: Rounded) -> Rounded:
        self.state.clear()
        self.steps = 0
        return super().forward(*inputs)


@mistake(
    "state-starts-with-gradient",
    "The running values start at zero, not at the first gradient.",
    "Los valores acumulados comienzan en cero, no en el primer gradiente.",
    of=WITH_STATE,
)
class StartsWithGradient(OptimizerFormula):
    def past(self, name: str, like: Rounded) -> Rounded:
        if name in self.state:
            return self.state[name]
        return like * like if name == "s" else like


@mistake(
    "weight-decay",
    "The step must not depend on the parameter: this optimizer has no weight decay.",
    "El paso no debe depender del parámetro: este optimizador no tiene decaimiento de pesos.",
    of=ALL,
)
class WeightDecay(OptimizerFormula):
    decay = 0.01

    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        return super().forward(p, g + self.decay * p)


@mistake("weight-decay", of=ALL)
class WeakWeightDecay(WeightDecay):
    decay = 0.001


@mistake("weight-decay", of=ALL)
class WeakerWeightDecay(WeightDecay):
    decay = 0.0001


@mistake("weight-decay", of=ALL)
class StrongWeightDecay(WeightDecay):
    decay = 0.1


@mistake("weight-decay", of=ALL)
class DecoupledWeightDecay(OptimizerFormula):
    decay = 0.01

    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        return super().forward(p, g) - self.lr() * self.decay * p
