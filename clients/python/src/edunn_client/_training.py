"""A training of the service: watched, cancelled, resumed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from edunn_client import _training_calls as calls
from edunn_client._caller import Caller
from edunn_client._chunked import receive_parts, receive_whole
from edunn_client._connection import SOME_TIME
from edunn_client._copies import NotCopied
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError, UnavailableError
from edunn_client._layer_state import LayerState
from edunn_client._model_files import write_whole
from edunn_client._retries import Attempts, Failure
from edunn_client._stubs import training_service_pb2 as pb
from edunn_client._tracebacks import ends_in_caller
from edunn_client._training_info import TrainingEvent, TrainingInfo, TrainingState, decode_event
from edunn_client._training_view import view_of


class Training(NotCopied):
    """A training, by `RemoteLayer.fit` or `Client.training`. It goes on without this object."""

    _instead = "send its training_id, and look it up there"

    def __init__(self, caller: Caller, info: TrainingInfo, layer: LayerState | None = None) -> None:
        self._caller = caller
        self._layer = layer
        self.info = info
        """How the training stood when the service was last asked."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.training_id!r} {self.info.state.name.lower()}>"

    @property
    def training_id(self) -> str:
        return self.info.training_id

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
        deadline = Deadline(timeout)
        attempts = self._attempts()
        while True:
            request = pb.WatchTrainingRequest(training_id=self.training_id, after_event_id=after)
            try:
                left = deadline.left or SOME_TIME
                for part in receive_parts(self._caller, "WatchTraining", request, left):
                    event = decode_event(part.event)
                    after = event.event_id
                    attempts = self._attempts()
                    if event.ended is not None:
                        self._note(event.ended)
                    yield event
                return
            except UnavailableError as error:
                time.sleep(attempts.pause_after(Failure(error)))

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
        return self._checked(self.refresh())

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
        return self._checked(self.refresh())

    @ends_in_caller
    def save(self, path: str | PathLike[str], *, timeout: float = math.inf) -> Path:
        """Write the model of the latest checkpoint to a file, whole or not at all."""
        request = pb.DownloadModelRequest(training_id=self.training_id)
        return write_whole(path, receive_whole(self._caller, "DownloadModel", request, timeout))

    def _checked(self, info: TrainingInfo) -> TrainingInfo:
        if info.error is not None and info.state is TrainingState.FAILED:
            raise info.error
        if not info.state.has_ended:
            raise EdunnError(f"the training {self.training_id!r} goes on")
        return info

    def _note(self, info: TrainingInfo) -> TrainingInfo:
        self.info = info
        if info.state is TrainingState.SUCCEEDED and self._layer is not None:
            # The layer may have the training's parameters now.
            self._layer._note_step()
        return info

    def _attempts(self) -> Attempts:
        return Attempts(self._caller.retry, Deadline(self._caller.timeout), repeatable=True)
