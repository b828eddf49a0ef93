"""A slice: takes the training whose turn it is, computes for some seconds, and commits.

A slice counts once. It commits only if the training is as it was taken, so a slice that another
worker has computed meanwhile, or a cancellation, is never overwritten.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import redis

from edunn import catalogue
from edunn_serving import keys
from edunn_serving.artifacts import ArtifactStore, checkpoint_path
from edunn_serving.errors import Reason, ServiceError, logged_fault
from edunn_serving.redis_text import text_of
from edunn_serving.seal import STATE, ForgedError, Seal
from edunn_serving.settings import Settings
from edunn_serving.training_store import (
    CHANGE_SCRIPT,
    TAKE_SCRIPT,
    Change,
    SessionPart,
    StoredTraining,
    TrainingKey,
    Value,
    end_training,
    shown,
    state_path,
)
from edunn_serving.v1.layer_service_pb2 import OperationError
from edunn_serving.v1.training_pb2 import TrainingEvent, TrainingOutcome, TrainingState
from worker.batch_run import out_of_memory
from worker.limits import cache_limit
from worker.ready import ReadyLayer
from worker.slots import BUFFERS, PARAMETERS
from worker.training.checkpoints import open_run, write_checkpoint
from worker.training.pulse import Pulse
from worker.training.run import TrainingRun
from worker.training.samples import SampleCache

log = logging.getLogger(__name__)

Used = TypeVar("Used")

RETRY_SECONDS = 0.2
# How long a slice waits for an artifact store that is away.
STORE_SECONDS = 60.0
# `Training.epochs` has this many of the last epochs.
MAX_EPOCHS_SHOWN = 1000

_OUTCOMES = {
    b"session gone": TrainingOutcome.TRAINING_OUTCOME_SESSION_GONE,
    b"parameters changed": TrainingOutcome.TRAINING_OUTCOME_PARAMETERS_CHANGED,
}


class Kept(NamedTuple):
    """The training that the last slice has left in memory."""

    folder: str
    slice: int
    run: TrainingRun


class Slices:
    """Computes one slice after the other, of any trainings."""

    def __init__(
        self,
        client: redis.Redis,
        store: ArtifactStore,
        settings: Settings,
        worker_id: str,
        is_stopping: Callable[[], bool],
    ) -> None:
        # redis-py's types tell neither bytes from text nor one answer from another.
        self._client: Any = client
        self._store = store
        self._settings = settings
        self._seal = settings.seal()
        self._worker_id = worker_id
        self._is_stopping = is_stopping
        self._samples = SampleCache(store, cache_limit(settings))
        self._kept: Kept | None = None
        self._clock_ms = 0.0
        self._take: Any = client.register_script(TAKE_SCRIPT.text)
        self._change: Any = client.register_script(CHANGE_SCRIPT.text)

    def run_next(self) -> None:
        """Compute a slice of the training whose turn it is, if any waits."""
        holder = f"{self._worker_id} {secrets.token_hex(8)}"
        taken = self._take([keys.ready_callers(), keys.held_trainings()], [holder])
        if taken is None:
            return
        now_ms, place, pairs = taken
        # Redis's clock, which all machines share, minus this one's monotonic clock.
        self._clock_ms = now_ms - time.monotonic() * 1000
        key = TrainingKey(*keys.read_training(text_of(place)))
        try:
            stored = self._read(key, dict(zip(pairs[::2], pairs[1::2], strict=True)))
        except ForgedError as error:
            log.warning("a slice is refused: %s", error)
            self._client.hdel(keys.held_trainings(), place)
            return
        log.info("training %s, slice %d", stored.record.folder, stored.slice + 1)
        began = time.thread_time()
        try:
            self._compute(stored)
        except ServiceError as error:
            self._fail(stored, error, time.thread_time() - began)
        except MemoryError:
            self._fail(stored, out_of_memory(), time.thread_time() - began)
        except redis.RedisError:
            # The commit waits for Redis, so this worker is to stop. Another one goes on.
            raise
        except Exception:
            fault = logged_fault(f"training {stored.record.folder}")
            self._fail(stored, fault, time.thread_time() - began)

    def _read(self, key: TrainingKey, fields: Mapping[bytes, bytes]) -> StoredTraining:
        return StoredTraining.of(key, fields, self._seal)

    def _compute(self, stored: StoredTraining) -> None:
        training = stored.training
        began = time.thread_time()
        until = time.monotonic() + self._settings.training_slice_seconds
        run, self._kept = self._opened(stored), None
        if training.state != TrainingState.TRAINING_STATE_RUNNING:
            training.state = TrainingState.TRAINING_STATE_RUNNING
            if not training.HasField("start_time"):
                training.start_time.FromMilliseconds(self._now_ms())
            self._begin(stored, run)
        with Pulse(self._client, stored, run, self._seal, self._now_ms, self._patiently) as pulse:
            while not (run.is_done or pulse.cancelled or pulse.lost or self._is_stopping()):
                result = run.advance()
                if result is not None:
                    pulse.tell(result)
                    training.epochs.append(result)
                if time.monotonic() >= until:
                    break
        if pulse.lost:
            log.warning("training %s has another holder by now", stored.record.folder)
            return
        del training.epochs[:-MAX_EPOCHS_SHOWN]
        training.progress.CopyFrom(run.progress())
        if run.is_done:
            training.state = TrainingState.TRAINING_STATE_SUCCEEDED
            run.finish()
            training.stopped_early = run.position.stopped_early
            training.best_epoch = run.position.best_epoch if run.best else run.position.epoch
            training.progress.ClearField("time_left")
        elif pulse.cancelled:
            training.state = TrainingState.TRAINING_STATE_CANCELLED
        path = checkpoint_path(stored.record.folder, stored.slice + 1)
        self._write(path, stored, run)
        used = time.thread_time() - began
        if self._commit(stored, path, run, used):
            self._remove(stored.checkpoint)
            if training.state == TrainingState.TRAINING_STATE_SUCCEEDED:
                self._leave_model_alone(stored, path)
            if not stored.has_ended:
                self._kept = Kept(stored.record.folder, stored.slice + 1, run)
        else:
            self._remove(path)

    def _opened(self, stored: StoredTraining) -> TrainingRun:
        kept = self._kept
        if kept and (kept.folder, kept.slice) == (stored.record.folder, stored.slice):
            return kept.run
        return _once_there(lambda: open_run(stored, self._store, self._samples))

    def _begin(self, stored: StoredTraining, run: TrainingRun) -> None:
        """Tell that the training begins, or goes on after it was resumed."""
        event = TrainingEvent()
        event.time.FromMilliseconds(self._now_ms())
        event.started.training_samples = run.training_samples
        event.started.validation_samples = run.validation_samples
        event.started.epochs_done = run.position.epoch
        expected = {"holder": stored.holder}
        self._make(Change(stored.key, expected, shown(stored.training), [event]))

    def _write(self, path: str, stored: StoredTraining, run: TrainingRun) -> None:
        """Write the checkpoint, or nothing of it."""
        try:
            _once_there(lambda: write_checkpoint(self._store, path, stored.record.layer, run))
        except BaseException:
            self._remove(path)
            raise

    def _commit(
        self,
        stored: StoredTraining,
        path: str,
        run: TrainingRun,
        used: float,
    ) -> bool:
        """Commit the slice. False if the training was changed meanwhile."""
        training = stored.training
        change = Change(
            stored.key,
            {"holder": stored.holder, "slice": str(stored.slice)},
            {},
            ready=not stored.has_ended,
            released=True,
            used=used,
        )
        if training.state == TrainingState.TRAINING_STATE_SUCCEEDED:
            training.outcome = TrainingOutcome.TRAINING_OUTCOME_APPLIED
            change.session = _session_part(stored, run, self._seal)
        while True:
            change.events = self._end(stored, change)
            change.values = {
                **shown(training),
                "slice": stored.slice + 1,
                "checkpoint": path,
                "holder": "",
                "deaths": 0,
                "progress": training.progress.SerializeToString(),
            }
            answer = self._make(change)
            if answer not in _OUTCOMES:
                return answer == b"done"
            # The session's layer stays as it is, and the result stays as a file.
            training.outcome = _OUTCOMES[answer]
            change.session = None

    def _fail(self, stored: StoredTraining, error: ServiceError, used: float) -> None:
        """End a training by an error. Its last checkpoint stays."""
        self._kept = None
        fresh = self._client.hgetall(keys.training(*stored.key))
        training = self._read(stored.key, fresh).training if fresh else stored.training
        training.state = TrainingState.TRAINING_STATE_FAILED
        training.error.CopyFrom(OperationError.FromString(error.to_status().SerializeToString()))
        failed = replace(stored, training=training)
        change = Change(stored.key, {"holder": stored.holder}, {}, released=True, used=used)
        change.events = self._end(failed, change)
        change.values = {**shown(training), "holder": "", "deaths": 0}
        self._make(change)
        log.info("training %s has failed: %s", stored.record.folder, error.message)

    def _end(self, stored: StoredTraining, change: Change) -> list[TrainingEvent]:
        """Return the last event of a training that has ended, and note when it is forgotten."""
        if not stored.has_ended:
            return []
        history = self._settings.training_history_seconds
        return [end_training(stored.training, change, self._now_ms(), history)]

    def _now_ms(self) -> int:
        return round(time.monotonic() * 1000 + self._clock_ms)

    def _make(self, change: Change) -> bytes:
        """Make a change, once Redis is there."""
        made: bytes = self._patiently(lambda: self._change(*change.keys_and_arguments(self._seal)))
        return made

    def _patiently(self, call: Callable[[], Any]) -> Any:
        """Call Redis, once it is there."""
        trouble = ""
        while True:
            try:
                return call()
            except (redis.ConnectionError, redis.TimeoutError, redis.OutOfMemoryError) as error:
                if self._is_stopping():
                    raise
                if str(error) != trouble:
                    trouble = str(error)
                    log.warning("a training waits for Redis: %s", trouble)
                self._client.connection_pool.disconnect()
                time.sleep(RETRY_SECONDS)

    def _leave_model_alone(self, stored: StoredTraining, path: str) -> None:
        """Keep nothing of a training that has succeeded but its model."""
        try:
            self._store.remove(state_path(path))
            size = self._store.size(path)
            self._client.hset(keys.artifacts(stored.key.caller), stored.record.folder, size)
        except (ServiceError, redis.RedisError) as error:
            log.warning("more of the training %s stays than its model: %s",
                        stored.record.folder, error)  # fmt: skip

    def _remove(self, checkpoint: str) -> None:
        """Remove the files of a checkpoint, as far as they are there."""
        try:
            self._store.remove(checkpoint)
            self._store.remove(state_path(checkpoint))
        except ServiceError as error:
            # It goes with the training's folder.
            log.warning("the checkpoint %s stays for now: %s", checkpoint, error.message)


def _once_there(use: Callable[[], Used]) -> Used:
    """Use the artifact store. One that is away for a moment is waited for."""
    until = time.monotonic() + STORE_SECONDS
    while True:
        try:
            return use()
        except ServiceError as error:
            if error.reason is not Reason.UNAVAILABLE or time.monotonic() > until:
                raise
        time.sleep(RETRY_SECONDS)


def _session_part(stored: StoredTraining, run: TrainingRun, seal: Seal) -> SessionPart:
    """Return the change of the session by which its layer gets the result."""
    record = stored.record
    layer = record.layer.name
    trained = ReadyLayer(run.model, catalogue.describe(record.layer.type))
    slots = [slot for slot in (PARAMETERS, BUFFERS) if slot.read(trained)]
    values: dict[str, Value] = {}
    for slot in slots:
        place = keys.slot(slot.name, layer)
        session = (record.caller, record.spec.session_id)
        values[place] = seal.close(STATE, slot.encode(trained), *session, place)
    # A batch under way that has loaded the layer before runs again.
    values[keys.LAST_BATCH + layer] = record.folder
    return SessionPart(
        keys.session(record.caller, record.spec.session_id),
        record.incarnation,
        keys.version(PARAMETERS.name, layer),
        record.parameters_version,
        values,
        [keys.version(slot.name, layer) for slot in slots],
    )
