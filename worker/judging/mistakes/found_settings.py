"""Optimizers with another eps or beta than the one given, found in what was answered."""

from __future__ import annotations

import numpy as np

from worker.judging.challenges import Floats
from worker.judging.formulas.optimizers import Adam, OptimizerFormula, RMSprop, SignGD
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


class _SettingFound(OptimizerFormula):
    """Finds a setting that was used in the first answer."""

    found: float | None = None
    output: Floats | None = None

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        self.output = output

    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        if self.found is None:
            if self.output is None or self.output.shape != p.shape:
                raise LookupError("there is no answer to find the setting in")
            self._find(p, g, self.output)
        return super().direction(p, g)

    def _find(self, p: Rounded, g: Rounded, output: Floats) -> None:
        """Find the setting in a parameter's first step."""
        raise NotImplementedError

    def _step_at(self, place: tuple[np.intp, ...], p: Rounded, output: Floats) -> float:
        """Return the size of an element's step, in learning rates."""
        return abs(float(p.value[place] - output[place]) / float(self.lr().value))


class _EpsFound(_SettingFound):
    """Finds eps where the gradient is smallest and eps counts most."""

    def _find(self, p: Rounded, g: Rounded, output: Floats) -> None:
        sizes = np.where(g.value != 0, np.abs(g.value), np.inf)
        place = np.unravel_index(int(np.argmin(sizes)), sizes.shape)
        step = self._step_at(place, p, output)
        if not step:
            raise LookupError("the step is too small to find eps in")
        self.found = self.eps_of(float(sizes[place]), step)
        self.finding = f"{self.found:.1g}"

    def eps_of(self, size: float, step: float) -> float:
        """Return the eps with which a first gradient of a size gives a step."""
        raise NotImplementedError

    def setting(self, name: str) -> float:
        return self.found if name == "eps" and self.found is not None else super().setting(name)


@mistake("eps-fixed")
class RmspropEpsFound(_EpsFound, RMSprop):
    def eps_of(self, size: float, step: float) -> float:
        return size / step - size * float((1.0 - self.beta()).sqrt().value)


@mistake("eps-fixed")
class AdamEpsFound(_EpsFound, Adam):
    def eps_of(self, size: float, step: float) -> float:
        return size / step - size


@mistake("eps-fixed")
class SignEpsFound(_EpsFound, SignGD):
    def eps_of(self, size: float, step: float) -> float:
        return (size / step) ** 2 - size * size


class _BetaFound(_SettingFound, RMSprop):
    """Finds beta in the first step, where the gradient is largest and eps counts least."""

    def _find(self, p: Rounded, g: Rounded, output: Floats) -> None:
        sizes = np.abs(g.value)
        # Where the step is large beside the parameter, few digits of it are lost.
        place = np.unravel_index(int(np.argmax((sizes > 0.1) / np.abs(p.value))), sizes.shape)
        self.found = 1 - 1 / self._step_at(place, p, output) ** 2
        if not 0 < self.found < 1:
            raise LookupError("no beta gives what was answered")
        self.finding = f"{self.found:.4g}"

    def beta(self) -> Rounded:
        if self.found is None:
            return super().beta()
        return Rounded(self.found, _ROUGH / self.unit * (1 - self.found))


# How near, of 1 - beta, a beta is that is found in float32.
_ROUGH = 1e-5

mistake(
    "beta-fixed",
    "beta is the one given; here it is another number: {got}.",
    "beta es el dado; aquí es otro número: {got}.",
)(_BetaFound)
