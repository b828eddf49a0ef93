"""Runs a batch: load its sessions, run its operations in order, commit, reply."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

import redis
from google.protobuf.message import DecodeError, Message

from edunn_serving.internal.v1 import batch_pb2
from edunn_serving.internal.v1.batch_pb2 import Batch, BatchReply, Operation, Outcome
from edunn_serving.v1 import layer_service_pb2 as api
from worker.administration import (
    add_layer,
    create_session,
    delete_session,
    get_parameters,
    get_session,
    set_parameters,
)
from worker.errors import (
    Code,
    ServiceError,
    deadline_exceeded,
    internal_error,
    invalid_argument,
)
from worker.open_session import OpenSession
from worker.passes import run_backward, run_forward
from worker.randomness import RepeatableGenerator
from worker.ready import ReadySessions
from worker.settings import Settings
from worker.store import Committed, Needs, SessionKey, Store

log = logging.getLogger(__name__)

# Two servers that use one session at once make each other's commits fail; one of them always gets
# through, so this many failures in a row are not chance but a fault.
MAX_CONFLICTS = 100
REDIS_RETRY_SECONDS = 0.2

REQUEST_TYPES: dict[int, type[Message]] = {
    batch_pb2.METHOD_CREATE_SESSION: api.CreateSessionRequest,
    batch_pb2.METHOD_GET_SESSION: api.GetSessionRequest,
    batch_pb2.METHOD_DELETE_SESSION: api.DeleteSessionRequest,
    batch_pb2.METHOD_ADD_LAYER: api.AddLayerRequest,
    batch_pb2.METHOD_FORWARD: api.ForwardRequest,
    batch_pb2.METHOD_BACKWARD: api.BackwardRequest,
    batch_pb2.METHOD_GET_PARAMETERS: api.GetParametersRequest,
    batch_pb2.METHOD_SET_PARAMETERS: api.SetParametersRequest,
}


class Engine:
    """Runs batches one after the other, keeping layers ready from one to the next."""

    def __init__(self, store: Store, settings: Settings, worker_id: str) -> None:
        self._store = store
        self._worker_id = worker_id
        self._randomness = RepeatableGenerator()
        self._ready = ReadySessions(settings.worker_cache_bytes)
        budget = settings.session_context_bytes
        # Typed loosely: each method takes its own request and gives its own response.
        self._methods: dict[int, Callable[[OpenSession, Any], Message]] = {
            batch_pb2.METHOD_CREATE_SESSION: lambda s, r: create_session(s, r, settings),
            batch_pb2.METHOD_GET_SESSION: get_session,
            batch_pb2.METHOD_DELETE_SESSION: delete_session,
            batch_pb2.METHOD_ADD_LAYER: lambda s, r: add_layer(s, r, settings),
            batch_pb2.METHOD_FORWARD: lambda s, r: run_forward(s, r, context_budget=budget),
            batch_pb2.METHOD_BACKWARD: run_backward,
            batch_pb2.METHOD_GET_PARAMETERS: get_parameters,
            batch_pb2.METHOD_SET_PARAMETERS: set_parameters,
        }

    def run(self, batch_id: str, reply_stream: str) -> None:
        """Run a batch and answer it, unless it is answered already.

        While Redis is away it is tried again, which is safe: only one commit of a batch counts.
        """
        while True:
            try:
                return self._run(batch_id, reply_stream)
            except (redis.ConnectionError, redis.TimeoutError) as error:
                log.warning("batch %s waits for Redis: %s", batch_id, error)
                time.sleep(REDIS_RETRY_SECONDS)

    def _run(self, batch_id: str, reply_stream: str) -> None:
        payload = self._store.fetch(batch_id, self._worker_id)
        if payload is None:
            log.info("batch %s is answered already or has expired", batch_id)
            return
        operations = list(Batch.FromString(payload).operations)
        requests = [_parse_request(operation) for operation in operations]
        try:
            for _ in range(MAX_CONFLICTS):
                tried = self._try(batch_id, reply_stream, operations, requests)
                if tried is not Committed.CONFLICT:
                    return
            raise RuntimeError(f"{MAX_CONFLICTS} conflicts in a row")
        except (redis.ConnectionError, redis.TimeoutError):
            raise
        except Exception:
            # Nothing has been stored. The callers must not wait for an answer that never comes.
            failed = _failed(_logged_fault(f"batch {batch_id}"))
            reply = BatchReply(outcomes=[failed] * len(operations)).SerializeToString()
            self._store.commit(batch_id, reply_stream, reply, ())

    def _try(
        self,
        batch_id: str,
        reply_stream: str,
        operations: list[Operation],
        requests: list[Message | ServiceError],
    ) -> Committed:
        """Run a batch on the sessions as they are now, and commit what it did."""
        sessions = self._open_sessions(operations, requests)
        committed = Committed.CONFLICT
        try:
            outcomes = [
                self._run_operation(sessions[_session_of(operation)], operation, request)
                for operation, request in zip(operations, requests, strict=True)
            ]
            reply = BatchReply(outcomes=outcomes).SerializeToString()
            changes = [each for session in sessions.values() if (each := session.changes())]
            committed = self._store.commit(batch_id, reply_stream, reply, changes)
        finally:
            if committed is Committed.DONE:
                self._keep_ready(sessions)
            else:
                # What is at hand has changes that are not stored.
                self._ready.drop(sessions)
        return committed

    def _open_sessions(
        self, operations: list[Operation], requests: list[Message | ServiceError]
    ) -> dict[SessionKey, OpenSession]:
        needs: dict[SessionKey, Needs] = {}
        for operation, request in zip(operations, requests, strict=True):
            key = _session_of(operation)
            need = needs.get(key)
            if need is None:
                need = needs[key] = self._needs_of(key)
            self._add_needs(need, key, operation.method, request)
        return {
            key: OpenSession(key, stored, self._ready.get(key), self._randomness)
            for key, stored in self._store.load(needs).items()
        }

    def _needs_of(self, key: SessionKey) -> Needs:
        ready = self._ready.get(key)
        return Needs(ready.revision) if ready else Needs()

    def _add_needs(
        self, need: Needs, key: SessionKey, method: int, request: Message | ServiceError
    ) -> None:
        name = getattr(request, "layer", None)
        if not isinstance(name, str):
            return
        if name not in need.layers:
            ready = self._ready.get(key)
            layer = ready.layers.get(name) if ready else None
            need.layers[name] = (
                (layer.parameters_version, layer.buffers_version) if layer else (0, 0)
            )
        forward_id = str(getattr(request, "forward_id", ""))
        if method == batch_pb2.METHOD_BACKWARD or forward_id:
            wanted = (name, forward_id)
            if wanted not in need.contexts:
                need.contexts.append(wanted)

    def _run_operation(
        self, session: OpenSession, operation: Operation, request: Message | ServiceError
    ) -> Outcome:
        try:
            if isinstance(request, ServiceError):
                raise request
            if 0 < operation.deadline_unix_ms <= time.time() * 1000:
                raise deadline_exceeded()
            response = self._methods[operation.method](session, request)
            return Outcome(response=response.SerializeToString())
        except ServiceError as error:
            return _failed(error)
        except MemoryError:
            return _failed(_out_of_memory())
        except Exception:
            # One operation's fault must not take the rest of its batch along.
            return _failed(_logged_fault(batch_pb2.Method.Name(operation.method)))

    def _keep_ready(self, sessions: dict[SessionKey, OpenSession]) -> None:
        for key, session in sessions.items():
            if session.ready is None:
                self._ready.drop([key])
            else:
                self._ready.keep(key, session.ready)


def _parse_request(operation: Operation) -> Message | ServiceError:
    try:
        return REQUEST_TYPES[operation.method].FromString(operation.request)
    except DecodeError as error:
        return invalid_argument("request", f"not a message of the method's type: {error}")


def _session_of(operation: Operation) -> SessionKey:
    return SessionKey(operation.caller, operation.session_id)


def _failed(error: ServiceError) -> Outcome:
    return Outcome(status=error.to_status().SerializeToString())


def _logged_fault(where: str) -> ServiceError:
    """Log the exception being handled and return the error that refers to it."""
    error_id = uuid.uuid4().hex
    log.exception("error %s in %s", error_id, where)
    return internal_error(error_id)


def _out_of_memory() -> ServiceError:
    return ServiceError(
        Code.RESOURCE_EXHAUSTED, "TOO_LARGE", "the operation asks for more memory than there is"
    )
