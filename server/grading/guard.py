"""Keeps the service from answering an open assignment's challenges itself.

A student cannot call the layer types that an open assignment asks for. Nobody can send the inputs
of a live challenge through a layer: such a call is refused, and the graders are told.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from google.protobuf import json_format
from google.protobuf.message import DecodeError

from edunn_serving.assignments import Assignment
from edunn_serving.callers import Caller, Role
from edunn_serving.errors import Reason, ServiceError, quoted
from edunn_serving.grades import (
    AssignmentHead,
    Attempt,
    Database,
    Notice,
)
from edunn_serving.grades.digests import digests_in, digests_of
from edunn_serving.grades.reading import model_of, newest_models, now_ms
from edunn_serving.rpcs import LAYER_RPCS
from edunn_serving.v1 import layer_service_pb2 as layers
from edunn_serving.v1.tensor_pb2 import Tensor
from server.call import Call
from server.grading.people import may_attempt
from server.grading.threads import Threads

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
# Types within which a type's own passes can be had.
CONTAINING = {
    "Bias": {"Dense", "LinearRegression", "LogisticRegression"},
    "Linear": {"Dense", "LinearRegression", "LogisticRegression"},
    "LinearRegression": {"Dense", "Linear"},
    "LogisticRegression": {"Dense"},
    "Dense": {"Linear"},
    "ReLU": {"Dense"},
    "Sigmoid": {"Dense", "LogisticRegression"},
    "Softmax": {"Dense"},
    "TanH": {"Dense", "RNN"},
}
# Operations that compute with a layer, or tell what one has computed.
COMPUTING = frozenset({"Forward", "Backward", "TrainStep"})
# Operations with inputs of the caller's.
WITH_INPUTS = frozenset({"Forward", "TrainStep"})
# Of more the digests are computed beside the other calls.
MOST_BYTES_AT_ONCE = 64 * 1024
MAX_KNOWN_SESSIONS = 10_000

# Returns the types of a session's layers by their names.
TypesOfSession = Callable[[Call, str], Awaitable[dict[str, frozenset[str]]]]


class Closed(NamedTuple):
    """An open assignment, and the layer types that students cannot call meanwhile."""

    assignment: Assignment
    types: frozenset[str]


class LiveAttempt(NamedTuple):
    """An attempt whose challenges can still be answered."""

    attempt_id: str
    course: str
    assignment: str
    student: str
    expires_ms: int


class Guard:
    """Looks at the open assignments and the live challenges, while calls come."""

    def __init__(self, database: Database, threads: Threads) -> None:
        self._database = database
        self._threads = threads
        self._closed: list[Closed] = []
        # Of each live attempt the digests of its inputs, and of each digest the attempt.
        self._known: dict[str, list[bytes]] = {}
        self._live: dict[bytes, LiveAttempt] = {}
        self._looked = 0.0
        self._looking: asyncio.Task[None] | None = None
        self._types: dict[tuple[str, str], dict[str, frozenset[str]]] = {}

    @property
    def is_needed(self) -> bool:
        """Whether calls have to be checked: an assignment is open, or a challenge is live."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self.look_again()
        return bool(self._closed or self._live)

    def look_again(self) -> None:
        """Begin to look, unless that is under way."""
        if self._looking is None or self._looking.done():
            self._looked = time.monotonic()
            self._looking = asyncio.create_task(self._look())

    async def seen(self) -> None:
        """Wait for a look that began now."""
        if self._looking is not None:
            await self._looking
        self.look_again()
        if self._looking is not None:
            await self._looking

    async def check(
        self, call: Call, method: str, request: bytes, types_of_session: TypesOfSession
    ) -> None:
        """Check one operation of the LayerService.

        Raises
        ------
        ServiceError
            LAYER_TYPE_CLOSED: the caller is a student, and an open assignment asks for the type.
            CHALLENGE_INPUT: an input is one of a live challenge.
        """
        if self._live and method in WITH_INPUTS:
            await self._check_inputs(call, method, request)
        closed = self._closed_for(call.caller)
        if not closed:
            return
        if method in ("CreateSession", "AddLayer"):
            message = _parse(method, request)
            specs = [message.layer] if method == "AddLayer" else message.layers
            for spec in specs:
                _refuse(closed, _types_in(spec.type, spec.config))
        elif method in COMPUTING:
            message = _parse(method, request)
            types = await self._types_of(call, message.session_id, message.layer, types_of_session)
            _refuse(closed, types)

    def check_types(self, caller: Caller, types: Iterable[str]) -> None:
        """Check the layer types that a training of a caller's would use."""
        _refuse(self._closed_for(caller), types)

    def _closed_for(self, caller: Caller) -> list[Closed]:
        if caller.has_any((Role.GRADER, Role.ADMIN)):
            return []
        now = datetime.now(UTC)
        return [
            each
            for each in self._closed
            if each.assignment.is_open(now) and may_attempt(each.assignment, caller.name)
        ]

    async def _types_of(
        self, call: Call, session_id: str, layer: str, types_of_session: TypesOfSession
    ) -> frozenset[str]:
        """Return the types within a layer of a session. A layer's type never changes."""
        key = (call.caller.name, session_id)
        if layer not in self._types.get(key, {}):
            if len(self._types) >= MAX_KNOWN_SESSIONS:
                self._types.clear()
            self._types[key] = await types_of_session(call, session_id)
        return self._types[key].get(layer, frozenset())

    async def _check_inputs(self, call: Call, method: str, request: bytes) -> None:
        message = _parse(method, request)
        if len(request) > MOST_BYTES_AT_ONCE:
            digests = await self._threads.run(_digests_of_all, message.inputs)
        else:
            digests = _digests_of_all(message.inputs)
        for digest in digests:
            live = self._live.get(digest)
            if live is None or live.expires_ms < now_ms():
                continue
            await self._threads.run(self._note, call, live)
            raise ServiceError(
                Reason.CHALLENGE_INPUT,
                "an input is one of a challenge that somebody has still to answer",
                metadata={"assignment": live.assignment},
            )

    def _note(self, call: Call, live: LiveAttempt) -> None:
        text = f"{quoted(call.caller.name)} has sent an input of this attempt through a layer"
        with self._database.write() as session:
            session.add(
                Notice(
                    at_ms=now_ms(),
                    course=live.course,
                    assignment=live.assignment,
                    attempt_id=live.attempt_id,
                    student=live.student,
                    text=text,
                )
            )

    async def _look(self) -> None:
        try:
            if self._database.is_made:
                await self._threads.run(self._read)
        except ServiceError as error:
            # What was seen last counts on. Without the database nobody can answer either.
            log.warning("the open assignments cannot be read: %s", error)

    def _read(self) -> None:
        now = now_ms()
        with self._database.read() as session:
            models = session.scalars(newest_models().where(sa.not_(AssignmentHead.deleted))).all()
            live = set(session.scalars(sa.select(Attempt.id).where(*_is_live(now))))
            begun = session.execute(_attempts_of(live - self._known.keys())).all()
        closed = []
        for model in models:
            assignment = model_of(model)
            if not assignment.allow_calls and _may_open(assignment, now):
                closed.append(Closed(assignment, _closed_types(assignment)))
        for gone in self._known.keys() - live:
            for digest in self._known.pop(gone):
                self._live.pop(digest, None)
        for row in begun:
            attempt = LiveAttempt(row.id, row.course, row.assignment, row.student, row.expires_ms)
            digests = list(digests_in(row.input_digests or b""))
            self._known[attempt.attempt_id] = digests
            self._live.update(dict.fromkeys(digests, attempt))
        self._closed = closed


def _is_live(now: int) -> Iterable[sa.ColumnElement[bool]]:
    return (
        Attempt.expires_ms > now,
        Attempt.accepted_ms.is_(None),
        Attempt.input_digests.is_not(None),
    )


def _attempts_of(
    ids: Iterable[str],
) -> sa.Select[str, str, str, str, int, bytes | None]:
    """Return the statement that finds the fields of `LiveAttempt`, and the digests."""
    return sa.select(
        Attempt.id,
        Attempt.course,
        Attempt.assignment,
        Attempt.student,
        Attempt.expires_ms,
        Attempt.input_digests,
    ).where(Attempt.id.in_(ids))


def types_in_layer(layer: Any) -> frozenset[str]:
    """Return the types of a layer of the contract, and of those within it."""
    return _types_in(layer.type, layer.config)


def _types_in(kind: str, config: Any) -> frozenset[str]:
    """Return a layer's type, and every text of its configuration: one may be a type within."""
    found = {kind}
    waiting: list[Any] = [json_format.MessageToDict(config)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return frozenset(found)


def _closed_types(assignment: Assignment) -> frozenset[str]:
    asked = {check.type for check in assignment.checks if check.kind in ("layer", "loss")}
    return frozenset(asked.union(*(CONTAINING.get(each, ()) for each in asked)))


def _digests_of_all(inputs: Iterable[Tensor]) -> list[bytes]:
    return list(itertools.chain.from_iterable(map(digests_of, inputs)))


def _may_open(assignment: Assignment, now: int) -> bool:
    return assignment.closes is None or assignment.closes.timestamp() * 1000 > now


def _refuse(closed: Iterable[Closed], types: Iterable[str]) -> None:
    for each in closed:
        for kind in types:
            if kind in each.types:
                raise ServiceError(
                    Reason.LAYER_TYPE_CLOSED,
                    f"the assignment {each.assignment.assignment} is open for you and asks for "
                    f"{quoted(kind)}: write it yourself",
                    metadata={"assignment": each.assignment.assignment, "layer_type": kind},
                )


def _parse(method: str, request: bytes) -> Any:
    """Return a request; an empty one if it cannot be read, which the worker then refuses."""
    kind = LAYER_RPCS[method].request_type
    try:
        return kind.FromString(request)
    except DecodeError:
        return kind()


def session_types(answer: bytes) -> dict[str, frozenset[str]]:
    """Return the types of a session's layers by their names, given the answer of GetSession."""
    session = layers.GetSessionResponse.FromString(answer).session
    return {layer.name: types_in_layer(layer) for layer in session.layers}
