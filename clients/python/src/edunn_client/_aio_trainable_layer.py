"""What a layer of an asyncio session does as a whole."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from edunn_client._aio_caller import AsyncCaller
from edunn_client._aio_chunked import receive_whole
from edunn_client._aio_training import AsyncTraining
from edunn_client._layer_state import LayerState
from edunn_client._model_files import export_model, write_whole
from edunn_client._steps import LossLike, OptimizerLike
from edunn_client._tracebacks import awaited_ends_in_caller
from edunn_client._training_calls import EarlyStopping, Schedule, start_training
from edunn_client._training_info import DatasetInfo


class AsyncTrainableLayer(LayerState):
    """A layer with the calls that take it as a whole."""

    _caller: AsyncCaller

    @awaited_ends_in_caller
    async def fit(
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
    ) -> AsyncTraining:
        """Start a training of this layer at the service; see `RemoteLayer.fit`."""
        await self._send_changed(timeout)
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
        return AsyncTraining(self._caller, await self._caller.run(call, timeout), self)

    @awaited_ends_in_caller
    async def save(self, path: str | PathLike[str], *, timeout: float = math.inf) -> Path:
        """Write the layer to a safetensors file, which edunn and `AsyncClient.load` read."""
        await self._send_changed(None)
        export = export_model(self.session_id, self.name)
        data = await receive_whole(self._caller, export, timeout)
        return await asyncio.to_thread(write_whole, path, data)

    async def _send_changed(self, timeout: float | None) -> None:
        call = self._send_changed_call()
        if call is not None:
            await self._caller.run(call, timeout)
