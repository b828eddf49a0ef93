"""Runs a batch: load its sessions, run its operations in order, commit, reply."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import redis
from google.protobuf.message import DecodeError, Message

from edunn_serving.batch_message import OperationHead
from edunn_serving.errors import (
    Reason,
    ServiceError,
    deadline_exceeded,
    invalid_argument,
    logged_fault,
    unavailable,
)
from edunn_serving.keys import SessionKey
from edunn_serving.redis_connections import RedisRefuses
from edunn_serving.replies import RESPONSE, STATUS, Reply
from edunn_serving.settings import Settings
from edunn_serving.v1 import layer_service_pb2 as api
from worker.administration import (
    add_layer,
    create_session,
    delete_session,
    get_parameters,
    get_session,
    set_parameters,
)
from worker.open_session import OpenSession
from worker.passes import run_backward, run_forward
from worker.randomness import RepeatableGenerator
from worker.ready import ReadySessions
from worker.store import Committed, Needs, Store

log = logging.getLogger(__name__)

# Two servers that use one session at once make each other's commits fail. A batch to which that has
# happened so often insists on its turn, for which the others wait, but no longer than this.
PATIENT_CONFLICTS = 3
LONGEST_WAIT_SECONDS = 30.0
WAIT_SECONDS = 0.02
# So many failures in a row are not chance but a fault.
MAX_CONFLICTS = 100
REDIS_RETRY_SECONDS = 0.2

# A reply's kind and data.
Outcome = tuple[bytes, bytes]

# The requests of the methods that workers run.
REQUEST_TYPES: dict[str, type[Message]] = {
    "CreateSession": api.CreateSessionRequest,
    "GetSession": api.GetSessionRequest,
    "DeleteSession": api.DeleteSessionRequest,
    "AddLayer": api.AddLayerRequest,
    "Forward": api.ForwardRequest,
    "Backward": api.BackwardRequest,
    "GetParameters": api.GetParametersRequest,
    "SetParameters": api.SetParametersRequest,
}


class Engine:
    """Runs batches one after the other, keeping layers ready from one to the next."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        worker_id: str,
        *,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._worker_id = worker_id
        self._is_stopping = is_stopping
        self._randomness = RepeatableGenerator()
        self._ready = ReadySessions(settings.worker_cache_bytes)
        budget = settings.session_context_bytes
        # Typed loosely: each method takes its own request and gives its own response.
        self._methods: dict[str, Callable[[OpenSession, Any], Message]] = {
            "CreateSession": lambda s, r: create_session(s, r, settings),
            "GetSession": get_session,
            "DeleteSession": delete_session,
            "AddLayer": lambda s, r: add_layer(s, r, settings),
            "Forward": lambda s, r: run_forward(s, r, context_budget=budget),
            "Backward": run_backward,
            "GetParameters": get_parameters,
            "SetParameters": set_parameters,
        }

    def run(self, batch_id: str, reply_stream: str, heads: Sequence[OperationHead]) -> None:
        """Run a batch and answer it, unless it is answered already.

        While Redis is away, or takes no answer, it is tried again, which is safe: only one commit
        of a batch counts. A worker that is to stop does not wait for Redis: the server sends the
        batch again.
        """
        while True:
            try:
                self._run(batch_id, reply_stream, heads)
                return
            except redis.RedisError as error:
                if self._is_stopping():
                    log.warning("batch %s is left to others: %s", batch_id, error)
                    return
                log.warning("batch %s waits for Redis: %s", batch_id, error)
                time.sleep(REDIS_RETRY_SECONDS)

    def _run(self, batch_id: str, reply_stream: str, heads: Sequence[OperationHead]) -> None:
        conflicts, waited = 0, 0.0
        try:
            while conflicts < MAX_CONFLICTS:
                insist = conflicts >= PATIENT_CONFLICTS or waited >= LONGEST_WAIT_SECONDS
                committed = self._try(batch_id, reply_stream, heads, insist=insist)
                if committed is Committed.CONFLICT:
                    conflicts += 1
                elif committed is Committed.WAIT:
                    time.sleep(WAIT_SECONDS)
                    waited += WAIT_SECONDS
                else:
                    return
            raise RuntimeError(f"{MAX_CONFLICTS} conflicts in a row")
        except RedisRefuses:
            # Where Redis takes an answer, though not the changes, the callers hear of it.
            refused = Reply(*_failed(unavailable("the store takes no changes")))
            self._store.commit(batch_id, reply_stream, [refused] * len(heads), ())
        except (redis.ConnectionError, redis.TimeoutError):
            raise
        except Exception:
            # Nothing has been stored. The callers must not wait for an answer that never comes.
            failed = Reply(*_failed(logged_fault(f"batch {batch_id}")))
            self._store.commit(batch_id, reply_stream, [failed] * len(heads), ())

    def _try(
        self, batch_id: str, reply_stream: str, heads: Sequence[OperationHead], *, insist: bool
    ) -> Committed:
        """Run a batch on the sessions as they are now, and commit what it did."""
        requests, stored = self._store.take(batch_id, self._worker_id, self._needs_of(heads))
        if not requests:
            log.info("batch %s is answered already or has expired", batch_id)
            return Committed.ANSWERED
        sessions = {
            key: OpenSession(key, each, self._ready.get(key), self._randomness)
            for key, each in stored.items()
        }
        committed = Committed.CONFLICT
        try:
            replies = self._run_all(sessions, heads, requests)
            changes = [each for session in sessions.values() if (each := session.changes())]
            committed = self._store.commit(batch_id, reply_stream, replies, changes, insist=insist)
        finally:
            if committed is Committed.DONE:
                self._keep_ready(sessions)
            else:
                # What is at hand has changes that are not stored.
                self._ready.drop(sessions)
        return committed

    def _needs_of(self, heads: Sequence[OperationHead]) -> dict[SessionKey, Needs]:
        """Return what a batch needs of each session, and what of it is at hand."""
        needs: dict[SessionKey, Needs] = {}
        for head in heads:
            key = _session_of(head)
            ready = self._ready.get(key)
            need = needs.get(key)
            if need is None:
                need = needs[key] = Needs(ready.revision if ready else b"")
            name = head.layer
            if name is None:
                continue
            if name not in need.layers:
                layer = ready.layers.get(name) if ready else None
                need.layers[name] = (
                    (layer.parameters_version, layer.buffers_version) if layer else (0, 0)
                )
            if head.forward_id:
                need.contexts[name, head.forward_id] = None
            elif head.forward_id is not None:
                need.latest.add(name)
        return needs

    def _run_all(
        self,
        sessions: dict[SessionKey, OpenSession],
        heads: Sequence[OperationHead],
        requests: Sequence[bytes],
    ) -> list[Reply]:
        """Run the operations in order, each timed."""
        replies: list[Reply] = []
        # The thread's own time: what others do on the machine meanwhile is none of an operation's.
        began = time.thread_time()
        for head, request in zip(heads, requests, strict=True):
            kind, data = self._run_operation(sessions[_session_of(head)], head, request)
            ended = time.thread_time()
            replies.append(Reply(kind, data, ended - began))
            began = ended
        return replies

    def _run_operation(self, session: OpenSession, head: OperationHead, request: bytes) -> Outcome:
        try:
            if 0 < head.deadline_unix_ms <= time.time() * 1000:
                raise deadline_exceeded()
            parsed = _parse_request(head.method, request)
            response = self._methods[head.method](session, parsed)
            return RESPONSE, response.SerializeToString()
        except ServiceError as error:
            return _failed(error)
        except MemoryError:
            return _failed(_out_of_memory())
        except Exception:
            # One operation's fault must not take the rest of its batch along.
            return _failed(logged_fault(head.method))

    def _keep_ready(self, sessions: dict[SessionKey, OpenSession]) -> None:
        for key, session in sessions.items():
            if session.ready is None:
                self._ready.drop([key])
            else:
                self._ready.keep(key, session.ready)


def _parse_request(method: str, request: bytes) -> Message:
    try:
        return REQUEST_TYPES[method].FromString(request)
    except DecodeError as error:
        raise invalid_argument("request", f"not a message of the method's type: {error}") from error


def _session_of(head: OperationHead) -> SessionKey:
    return SessionKey(head.caller, head.session_id)


def _failed(error: ServiceError) -> Outcome:
    return STATUS, error.to_status().SerializeToString()


def _out_of_memory() -> ServiceError:
    return ServiceError(Reason.TOO_LARGE, "the operation asks for more memory than there is")
