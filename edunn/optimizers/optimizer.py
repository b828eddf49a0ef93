"""The training loop that all optimizers share."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, cast
from weakref import WeakKeyDictionary, ref

import numpy as np
import numpy.typing as npt

from edunn.answers import backward_of, check_gradients, check_model, forward_of
from edunn.arrays import Array, FloatArray, as_floats, quiet
from edunn.derived import derived
from edunn.errors import ConfigError, Fault
from edunn.fields import Field, check_arguments, shown
from edunn.model import Model, ParameterSet, Phase
from edunn.optimizers.steps import PastState, State, Taken
from edunn.optimizers.update_rule import UpdateRule
from edunn.progress import ProgressBar
from edunn.utils.batches import batch_arrays, check_arrays

#: The error of each epoch.
History = npt.NDArray[np.float64]

_NO_STATE: State = {}
_F64 = np.dtype(np.float64)


class Optimizer(ABC):
    """Something that fits a model to data."""

    @abstractmethod
    def optimize(
        self, model: Model, x: Array, y: Array, error_layer: Model, verbose: bool = True
    ) -> History:
        """Fit the model and return the error of each epoch."""


class BatchedGradientOptimizer(UpdateRule, Optimizer):
    """A training loop that steps once for each batch of samples.

    Parameters
    ----------
    batch_size : int, optional
        Samples per step. The last batch of an epoch may be smaller.
    epochs : int, optional
        How many times all samples are seen. Without these two it is a value, good for its
        steps and for another loop to take.
    shuffle : bool
        Whether each epoch sees the samples in a new order.
    rng : numpy.random.Generator, optional
        Where the orders come from. None is NumPy's global generator.
    optimizer : UpdateRule, optional
        What takes the steps, such as ``Adam(lr=0.01)``. None is the loop itself, whose class
        then has a `step` or an `optimize_batch`.

    Notes
    -----
    The state of each parameter, such as a velocity or a step count, belongs to its model. It
    lasts as long as the model does, through epochs and calls of `optimize`; one loop may train
    several models.
    """

    def __init__(
        self,
        batch_size: Annotated[int | None, Field("Samples per step.", minimum=1)] = None,
        epochs: Annotated[int | None, Field("Times that all samples are seen.", minimum=0)] = None,
        shuffle: Annotated[bool, Field("Whether samples come in a new order.")] = True,
        rng: np.random.Generator | None = None,
        optimizer: UpdateRule | None = None,
    ) -> None:
        config = check_arguments(
            BatchedGradientOptimizer,
            type(self).__name__,
            batch_size=batch_size,
            epochs=epochs,
            shuffle=shuffle,
        )
        self.batch_size = config["batch_size"]
        self.epochs = config["epochs"]
        self.shuffle = config["shuffle"]
        self.rng = rng
        if optimizer is not None and not isinstance(optimizer, UpdateRule):
            fault = Fault("optimizer", "an optimizer such as Adam(lr=0.01)", shown(optimizer))
            raise ConfigError(layer=type(self).__name__, faults=[fault])
        self.optimizer = optimizer

    # An optimizer of one's own may forget to call the constructor.
    batch_size: int | None = None
    epochs: int | None = None
    shuffle = True
    rng: np.random.Generator | None = None
    optimizer: UpdateRule | None = None
    _latest: ref[Model] | None = None
    _latest_states: Mapping[str, State] = MappingProxyType({})

    @functools.cached_property
    def _states(self) -> WeakKeyDictionary[Model, dict[str, State]]:
        return WeakKeyDictionary()

    #: Whether the steps are those of `_take`, and no `step` of somebody's own.
    _steps_are_known = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._steps_are_known = cls.step is BatchedGradientOptimizer.step

    def step(self, p: FloatArray, g: FloatArray, state: PastState) -> Taken:
        """Return a parameter after one step, and its state, as an `UpdateRule` does.

        An optimizer of one's own gives this, or all of `optimize_batch`.
        """
        if self.optimizer is None:
            return super().step(p, g, state)
        return self.optimizer.step(p, g, state)

    @derived
    def first(self) -> bool:
        """Whether no step has been taken yet."""
        return self._latest is None

    def _latest_state(self, entry: str) -> ParameterSet:
        """Return an entry of the state by parameter, of the model that took the last step."""
        gone = self._latest is None or self._latest() is None
        states: Mapping[str, State] = {} if gone else self._latest_states
        return {name: state[entry] for name, state in states.items()}

    def optimize(
        self, model: Model, x: Array, y: Array, error_layer: Model, verbose: bool = True
    ) -> History:
        """Fit a model to data.

        Parameters
        ----------
        model : Model
            Trained in place. Afterwards it is in the test phase, ready for use.
        x, y : ndarray, with as many samples each, at least one
        error_layer : Model
            The loss, such as ``MeanError(SquaredError())``. Errors per sample are averaged.
        verbose : bool
            Whether a progress bar is shown.

        Returns
        -------
        history : ndarray of float64, shape (epochs,)
            The mean error of each epoch's batches, as they were before their steps.

        Raises
        ------
        LayerError
            If there is no sample, x and y differ in number, or one of the two models is none.
        ConfigError
            If the batch size or the epochs were left out.
        """
        batch_size, epochs = self._batch_size_and_epochs()
        check_model(type(self).__name__, "model", model)
        check_model(type(self).__name__, "error_layer", error_layer)
        samples = check_arrays(type(self).__name__, x, y)
        history: list[float] = []
        bar = ProgressBar(epochs, shown=verbose)
        model.set_phase(Phase.Training)
        try:
            for epoch in range(epochs):
                total = 0.0
                batches = batch_arrays(batch_size, x, y, shuffle=self.shuffle, rng=self.rng)
                for iteration, (x_batch, y_batch) in enumerate(batches):
                    _, δEδps, error = self.backpropagation(model, x_batch, y_batch, error_layer)
                    total += error * len(x_batch)
                    self.optimize_batch(model, δEδps, epoch, iteration)
                history.append(total / samples)
                bar.advance(f"error {history[-1]:.4g}")
        finally:
            bar.close()
            model.set_phase(Phase.Test)
        return np.array(history, dtype=np.float64)

    def _batch_size_and_epochs(self) -> tuple[int, int]:
        if self.batch_size is not None and self.epochs is not None:
            return self.batch_size, self.epochs
        given = {"batch_size": self.batch_size, "epochs": self.epochs}
        faults = [
            Fault(name, "given to whatever is to optimize", "nothing")
            for name, value in given.items()
            if value is None
        ]
        raise ConfigError(layer=type(self).__name__, faults=faults)

    def backpropagation(
        self, model: Model, x: Array, y_true: Array, error_layer: Model
    ) -> tuple[FloatArray, ParameterSet, float]:
        """Run one batch forward and backward.

        Returns
        -------
        δEδx : ndarray
            The gradient of the input.
        δEδps : dict
            Those of the model's parameters.
        E : float
            The mean error of the batch.

        Raises
        ------
        LayerError
            If the model or the loss gives no such answer, or the gradient of no parameter.
        """
        E = forward_of(error_layer, y_true, forward_of(model, x))
        # One gradient for all errors: the mean's, which for a loss of rank 0 is 1.
        δEδy, _ = backward_of(error_layer, 1.0 if E.ndim == 0 else 1.0 / max(1, E.size))
        shape = x.shape if type(x) is np.ndarray else np.shape(x)
        δEδx, δEδps = backward_of(model, δEδy, shape)
        # The loop's own steps look at the gradients themselves.
        if type(self).optimize_batch is not BatchedGradientOptimizer.optimize_batch:
            check_gradients(model, δEδps, model.get_parameters())
        # A mean is its own mean, and asking for it takes longer than a small layer does.
        return δEδx, δEδps, float(E if E.ndim == 0 else np.mean(E, dtype=np.float64))

    @quiet
    def optimize_batch(self, model: Model, δEδps: ParameterSet, epoch: int, iteration: int) -> None:
        """Take one step, updating the model's parameters in place.

        Parameters
        ----------
        model : Model
        δEδps : dict
            The gradients by parameter name, as `backward` gives them. Parameters without one, as
            in frozen layers, stay as they are.
        epoch, iteration : int
            Where training is. Not needed by the optimizers here, which count for themselves.

        Raises
        ------
        LayerError
            If a gradient is of no parameter, or of another shape.
        """
        if model.frozen:
            return
        parameters, states = model.get_parameters(), self._states_of(model)
        for name, g in δEδps.items():
            if name not in parameters or parameters[name].shape != getattr(g, "shape", None):
                check_gradients(model, δEδps, parameters)
        known = self._steps_are_known and self.optimizer is None
        for name, g in δEδps.items():
            p, state = parameters[name], states.get(name, _NO_STATE)
            if known and type(p) is type(g) is np.ndarray and p.dtype is g.dtype is _F64:
                _, states[name] = self._take(p, g, state, True)
            else:
                g = as_floats(type(self).__name__, name, g)
                p[...], states[name] = self.step(p, g, state)

    def _states_of(self, model: Model) -> dict[str, State]:
        """Return the states of a model's parameters, and note that it takes a step."""
        if self._latest is None or self._latest() is not model:
            self._latest = ref(model)
            self._latest_states = self._states.setdefault(model, {})
        return cast(dict[str, State], self._latest_states)
