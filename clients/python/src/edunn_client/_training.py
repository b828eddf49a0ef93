"""A training of the service: watched, cancelled, resumed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from edunn_client import _training_calls as calls
from edunn_client._caller import Caller, pause
from edunn_client._chunked import receive, receive_whole
from edunn_client._errors import UnavailableError
from edunn_client._layer_state import LayerState
from edunn_client._model_files import write_whole
from edunn_client._scope import current_scope, deadline_within
from edunn_client._tracebacks import ends_in_caller
from edunn_client._training_info import TrainingEvent, TrainingInfo
from edunn_client._training_record import TrainingRecord, Watching, ended_well
from edunn_client._training_view import view_of


class Training(TrainingRecord):
    """A training, by `RemoteLayer.fit` or `Client.training`. It goes on without this object."""

    def __init__(self, caller: Caller, info: TrainingInfo, layer: LayerState | None = None) -> None:
        super().__init__(info, layer)
        self._caller = caller

    @ends_in_caller
    def refresh(self, *, timeout: float | None = None) -> TrainingInfo:
        """Ask how the training stands."""
        return self._note(self._caller.run(calls.get_training(self.training_id), timeout))

    @ends_in_caller
    def cancel(self, *, timeout: float | None = None) -> TrainingInfo:
        """End the training within a batch; what it has computed stays, and it can be resumed.

        The answer may come before the end. A training that has ended stays as it is.
        """
        return self._note(self._caller.run(calls.cancel_training(self.training_id), timeout))

    @ends_in_caller
    def resume(self, *, timeout: float | None = None) -> TrainingInfo:
        """Go on with a training that was cancelled or has failed, from its last checkpoint."""
        return self._note(self._caller.run(calls.resume_training(self.training_id), timeout))

    def events(self, after: str = "", *, timeout: float = math.inf) -> Iterator[TrainingEvent]:
        """Yield what happens to the training, until its end.

        A connection that breaks is made again, and no event is lost or comes twice.

        Parameters
        ----------
        after : str
            The `event_id` after which to begin; otherwise with the first event.
        timeout : float
            Seconds, all events together.
        """
        scope = current_scope()
        deadline = deadline_within(scope, timeout)
        watching = Watching(self._caller, self, after)
        while True:
            try:
                for part in receive(self._caller, watching.call(), deadline):
                    yield watching.note(part)
                return
            except UnavailableError as error:
                pause(watching.pause_after(error), scope)

    @ends_in_caller
    def watch(self, *, timeout: float = math.inf) -> TrainingInfo:
        """Show a live bar until the training ends, and return how it ended.

        In a notebook it is a bar with a plot of the loss, in a terminal one of `rich`; elsewhere
        each epoch is a line. An interrupt ends the watching alone.

        Raises
        ------
        EdunnError
            The training has failed: with the reason that it gives.
        """
        with view_of(self.info) as view:
            for event in self.events(timeout=timeout):
                view.show(event)
        return ended_well(self.refresh())

    @ends_in_caller
    def result(self, *, timeout: float = math.inf) -> TrainingInfo:
        """Wait for the training's end without showing anything, and return how it ended.

        Raises
        ------
        EdunnError
            The training has failed, or has not ended in time (DeadlineExceededError).
        """
        for _ in self.events(timeout=timeout):
            pass
        return ended_well(self.refresh())

    @ends_in_caller
    def save(self, path: str | PathLike[str], *, timeout: float = math.inf) -> Path:
        """Write the model of the latest checkpoint to a file, whole or not at all."""
        return write_whole(path, receive_whole(self._caller, self._download(), timeout))
