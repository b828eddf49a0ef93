"""What a layer does as a whole: train at the service, and become a file."""

from __future__ import annotations

import math
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from edunn_client._caller import Caller
from edunn_client._chunked import receive_whole
from edunn_client._layer_state import LayerState
from edunn_client._model_files import export_model, write_whole
from edunn_client._steps import LossLike, OptimizerLike
from edunn_client._tracebacks import ends_in_caller
from edunn_client._training import Training
from edunn_client._training_calls import EarlyStopping, Schedule, start_training
from edunn_client._training_info import DatasetInfo


class TrainableLayer(LayerState):
    """A layer with the calls that take it as a whole."""

    _caller: Caller

    @ends_in_caller
    def fit(
        self,
        dataset: str | DatasetInfo,
        loss: LossLike,
        optimizer: OptimizerLike,
        *,
        epochs: int,
        batch_size: int = 32,
        shuffle: bool = True,
        validation_share: float = 0.0,
        seed: int | None = None,
        early_stopping: EarlyStopping | None = None,
        metrics: Iterable[str] = (),
        schedule: Schedule = "constant",
        training_id: str | None = None,
        timeout: float | None = None,
    ) -> Training:
        """Start a training of this layer at the service, and return it while it goes on.

        The service trains a copy. At the end the layer gets its parameters, unless they have
        changed meanwhile. With the same seed the result is, bit for bit, that of edunn's own
        `optimize` with `numpy.random.default_rng(seed)`.

        Parameters
        ----------
        dataset : str or DatasetInfo
            What `Client.upload_dataset` has stored, or one that the service brings: `"digits"`.
        loss : RemoteLayer or str
            A loss layer of the session, or its name.
        optimizer
            Such as `optimizers.Adam(lr=0.01)`.
        epochs, batch_size : int
            How often all samples are seen, and how many make a step.
        shuffle : bool
            Whether each epoch sees the samples in a new order.
        validation_share : float
            The share of the samples that are kept for validation.
        seed : int, optional
            Of everything random in the training; otherwise the service draws one.
        early_stopping : EarlyStopping, optional
            When to stop before the last epoch.
        metrics : iterable of str
            What is measured besides the loss: `accuracy`, `rmse`, `mae`.
        schedule : StepSchedule, CosineSchedule or "constant"
            How the learning rate changes from epoch to epoch.
        training_id : str, optional
            Its name; otherwise the client chooses one.
        """
        self._send_changed(timeout)
        call = start_training(
            self,
            dataset,
            loss,
            optimizer,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=shuffle,
            validation_share=validation_share,
            seed=seed,
            early_stopping=early_stopping,
            metrics=metrics,
            schedule=schedule,
            training_id=training_id,
        )
        return Training(self._caller, self._caller.run(call, timeout), self)

    @ends_in_caller
    def save(self, path: str | PathLike[str], *, timeout: float = math.inf) -> Path:
        """Write the layer to a safetensors file, which edunn and `Client.load` read."""
        self._send_changed(None)
        data = receive_whole(self._caller, export_model(self.session_id, self.name), timeout)
        return write_whole(path, data)

    def _send_changed(self, timeout: float | None) -> None:
        call = self._send_changed_call()
        if call is not None:
            self._caller.run(call, timeout)
