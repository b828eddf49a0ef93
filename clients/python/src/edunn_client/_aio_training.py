"""A training of the service, for asyncio."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from os import PathLike
from pathlib import Path

from edunn_client import _training_calls as calls
from edunn_client._aio_caller import AsyncCaller, pause
from edunn_client._aio_chunked import receive, receive_whole
from edunn_client._errors import UnavailableError
from edunn_client._layer_state import LayerState
from edunn_client._model_files import write_whole
from edunn_client._scope import current_scope, deadline_within
from edunn_client._tracebacks import awaited_ends_in_caller
from edunn_client._training_info import TrainingEvent, TrainingInfo
from edunn_client._training_record import TrainingRecord, Watching, ended_well
from edunn_client._training_view import view_of


class AsyncTraining(TrainingRecord):
    """A training, by `AsyncRemoteLayer.fit` or `AsyncClient.training`; see `Training`."""

    def __init__(
        self, caller: AsyncCaller, info: TrainingInfo, layer: LayerState | None = None
    ) -> None:
        super().__init__(info, layer)
        self._caller = caller

    @awaited_ends_in_caller
    async def refresh(self, *, timeout: float | None = None) -> TrainingInfo:
        """Ask how the training stands."""
        return self._note(await self._caller.run(calls.get_training(self.training_id), timeout))

    @awaited_ends_in_caller
    async def cancel(self, *, timeout: float | None = None) -> TrainingInfo:
        """End the training within a batch; see `Training.cancel`."""
        return self._note(await self._caller.run(calls.cancel_training(self.training_id), timeout))

    @awaited_ends_in_caller
    async def resume(self, *, timeout: float | None = None) -> TrainingInfo:
        """Go on with a training that was cancelled or has failed, from its last checkpoint."""
        return self._note(await self._caller.run(calls.resume_training(self.training_id), timeout))

    async def events(
        self, after: str = "", *, timeout: float = math.inf
    ) -> AsyncIterator[TrainingEvent]:
        """Yield what happens to the training, until its end; see `Training.events`."""
        scope = current_scope()
        deadline = deadline_within(scope, timeout)
        watching = Watching(self._caller, self, after)
        while True:
            try:
                async for part in receive(self._caller, watching.call(), deadline):
                    yield watching.note(part)
                return
            except UnavailableError as error:
                await pause(watching.pause_after(error), scope)

    @awaited_ends_in_caller
    async def watch(self, *, timeout: float = math.inf) -> TrainingInfo:
        """Show a live bar until the training ends; see `Training.watch`."""
        with view_of(self.info) as view:
            async for event in self.events(timeout=timeout):
                view.show(event)
        return ended_well(await self.refresh())

    @awaited_ends_in_caller
    async def result(self, *, timeout: float = math.inf) -> TrainingInfo:
        """Wait for the training's end without showing anything; see `Training.result`."""
        async for _ in self.events(timeout=timeout):
            pass
        return ended_well(await self.refresh())

    @awaited_ends_in_caller
    async def save(self, path: str | PathLike[str], *, timeout: float = math.inf) -> Path:
        """Write the model of the latest checkpoint to a file, whole or not at all."""
        data = await receive_whole(self._caller, self._download(), timeout)
        return await asyncio.to_thread(write_whole, path, data)
