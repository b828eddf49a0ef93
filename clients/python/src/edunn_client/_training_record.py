"""What is known of a training on the client's side, for the sync and the asyncio client."""

from __future__ import annotations

from edunn_client._connection import Connection
from edunn_client._copies import NotCopied
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError, UnavailableError
from edunn_client._layer_state import LayerState
from edunn_client._retries import Attempts, Failure
from edunn_client._stubs import training_service_pb2 as pb
from edunn_client._training_info import TrainingEvent, TrainingInfo, TrainingState, decode_event
from edunn_client._transfers import Download


class TrainingRecord(NotCopied):
    """A training's name, and how it stood when the service was last asked."""

    _instead = "send its training_id, and look it up there"

    def __init__(self, info: TrainingInfo, layer: LayerState | None) -> None:
        self._layer = layer
        self.info = info
        """How the training stood when the service was last asked."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.training_id!r} {self.info.state.name.lower()}>"

    @property
    def training_id(self) -> str:
        return self.info.training_id

    def _note(self, info: TrainingInfo) -> TrainingInfo:
        self.info = info
        if info.state is TrainingState.SUCCEEDED and self._layer is not None:
            # The layer may have the training's parameters now.
            self._layer._note_step()
        return info

    def _download(self) -> Download:
        return Download("DownloadModel", pb.DownloadModelRequest(training_id=self.training_id))


class Watching:
    """The events of a training that have been seen, and the outages in between."""

    def __init__(self, connection: Connection, record: TrainingRecord, after: str) -> None:
        self._connection = connection
        self._record = record
        self._after = after
        self._attempts = self._new_attempts()

    def call(self) -> Download:
        """Return the call for the events that have not been seen."""
        request = pb.WatchTrainingRequest(
            training_id=self._record.training_id, after_event_id=self._after
        )
        return Download("WatchTraining", request)

    def note(self, part: pb.WatchTrainingResponse) -> TrainingEvent:
        event = decode_event(part.event)
        self._after = event.event_id
        self._attempts = self._new_attempts()
        if event.ended is not None:
            self._record._note(event.ended)
        return event

    def pause_after(self, error: UnavailableError) -> float:
        """Return the seconds to wait before the next call, or raise what ends the watching."""
        return self._attempts.pause_after(Failure(error))

    def _new_attempts(self) -> Attempts:
        """Each outage may last as long as a call."""
        connection = self._connection
        return Attempts(connection.retry, Deadline(connection.timeout), repeatable=True)


def ended_well(info: TrainingInfo) -> TrainingInfo:
    """Return how a training has ended, unless it has failed.

    Raises
    ------
    EdunnError
        It has failed, or has not ended.
    """
    if info.error is not None and info.state is TrainingState.FAILED:
        raise info.error
    if not info.state.has_ended:
        raise EdunnError(f"the training {info.training_id!r} goes on")
    return info
