"""Keeps the service from answering an open assignment's challenges itself.

A student cannot call the layer types that an open assignment asks for. Nobody can send the inputs
of a live challenge through a layer: such a call is refused, and the graders are told.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
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
from edunn_serving.grades.digests import Floats, digests_in, digests_of, digests_of_samples
from edunn_serving.grades.reading import model_of, newest_models, now_ms
from edunn_serving.rpcs import LAYER_RPCS
from edunn_serving.v1 import layer_service_pb2 as layers
from edunn_serving.v1.tensor_pb2 import Tensor
from server.call import Call
from server.grading.people import may_attempt
from server.grading.threads import Threads

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
# A call waits for a look if the last one is older, so that a server without calls is not behind.
OLDEST_SECONDS = 2.0
# How long the types of a session's layers are believed. A session may be made anew, with others.
TYPES_SECONDS = 1.0
# Types within which a type's own passes can be had.
CONTAINING = {
    "AvgPool2d": {"Conv2d"},
    "Bias": {"Conv2d", "Dense", "LinearRegression", "LogisticRegression"},
    "CrossEntropyWithLabels": {"SequenceCrossEntropyWithLabels"},
    "Dense": {"Conv2d", "Linear", "LinearRegression", "LogisticRegression"},
    "GradientDescent": {"MomentumGD", "NesterovMomentumGD"},
    "Linear": {"Conv2d", "Dense", "LinearRegression", "LogisticRegression"},
    "LinearRegression": {"Conv2d", "Dense", "Linear"},
    "LogisticRegression": {"Dense"},
    "ReLU": {"Dense"},
    "SequenceCrossEntropyWithLabels": {"CrossEntropyWithLabels"},
    "Sigmoid": {"Dense", "LogisticRegression"},
    "SignGD": {"Adam", "RMSprop"},
    "Softmax": {"Dense", "LogisticRegression"},
    "TanH": {"Dense", "RNN"},
}
# The kinds of checks that close their types. Of an initializer every drawn value is a right one.
CLOSING = ("layer", "loss", "optimizer")
# Operations that compute with a layer, or tell what one has computed.
COMPUTING = frozenset({"Forward", "Backward", "TrainStep"})
# Operations that compute with an optimizer.
STEPPING = frozenset({"Step", "TrainStep"})
# Operations with inputs of the caller's.
WITH_INPUTS = frozenset({"Forward", "TrainStep"})
# Operations after which a session may have another layer of the same name.
REMAKING = frozenset({"CreateSession", "DeleteSession", "ImportModel"})
# Of more the digests are computed beside the other calls.
MOST_BYTES_AT_ONCE = 64 * 1024
MAX_KNOWN_SESSIONS = 10_000

# Returns the types of a session's layers by their names.
TypesOfSession = Callable[[Call, str], Awaitable[dict[str, frozenset[str]]]]


class Closed(NamedTuple):
    """An open assignment, and the types that students cannot compute with meanwhile."""

    assignment: Assignment
    types: frozenset[str]
    asks_for_optimizers: bool


class LiveAttempt(NamedTuple):
    """An attempt whose challenges can still be answered."""

    attempt_id: str
    course: str
    assignment: str
    student: str
    expires_ms: int


class KnownTypes(NamedTuple):
    """The types within each layer of a session, by the layer's name, and when that was so."""

    types: dict[str, frozenset[str]]
    at: float


class Guard:
    """Looks at the open assignments and the live challenges, while calls come."""

    def __init__(self, database: Database, threads: Threads) -> None:
        self._database = database
        self._threads = threads
        self._closed: list[Closed] = []
        # Of each live attempt the digests of its inputs, and of each digest the attempt.
        self._known: dict[str, list[bytes]] = {}
        self._live: dict[bytes, LiveAttempt] = {}
        # When the last look began, and when the last one began that has ended.
        self._looked = -math.inf
        self._seen = -math.inf
        self._looking: asyncio.Task[None] | None = None
        self._types: dict[tuple[str, str], KnownTypes] = {}

    def note_call(self) -> bool:
        """Note a call, and look again if the last look is old.

        Return whether calls have to be checked: an assignment is open, or a challenge is live.
        """
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            self.look_again()
        return now - self._seen > OLDEST_SECONDS or bool(self._closed or self._live)

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

    async def catch_up(self) -> None:
        """Wait for a look that has just begun. A database that stands still holds up nothing."""
        seconds = self._looked + LOOK_SECONDS - time.monotonic()
        if self._looking is not None and seconds > 0:
            await asyncio.wait({self._looking}, timeout=seconds)

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
        if time.monotonic() - self._seen > OLDEST_SECONDS:
            await self.catch_up()
        has_inputs = bool(self._live) and method in WITH_INPUTS
        closed = self._closed_for(call.caller)
        if not (closed or has_inputs):
            return
        message = _parse(method, request)
        if has_inputs:
            await self._check_inputs(call, method, message, len(request))
        if not closed:
            return
        if method in REMAKING:
            self._types.pop((call.caller.name, message.session_id), None)
        if method in ("CreateSession", "AddLayer"):
            specs = [message.layer] if method == "AddLayer" else message.layers
            for spec in specs:
                _refuse(closed, _types_in(spec.type, spec.config))
        if method in STEPPING:
            _check_optimizer(closed, message.optimizer.type)
        if method in COMPUTING:
            names = [message.layer, *([message.loss] if method == "TrainStep" else [])]
            _refuse(closed, await self._types_of(call, message.session_id, names, types_of_session))

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
        self, call: Call, session_id: str, layers: list[str], types_of_session: TypesOfSession
    ) -> frozenset[str]:
        """Return the types within some layers of a session."""
        key = (call.caller.name, session_id)
        known, now = self._types.get(key), time.monotonic()
        if known is None or now > known.at + TYPES_SECONDS or not known.types.keys() >= {*layers}:
            if len(self._types) >= MAX_KNOWN_SESSIONS:
                self._types.clear()
            known = self._types[key] = KnownTypes(await types_of_session(call, session_id), now)
        return frozenset().union(*(known.types.get(each, frozenset()) for each in layers))

    async def _check_inputs(self, call: Call, method: str, message: Any, size: int) -> None:
        inputs = [*message.inputs, *([message.target] if method == "TrainStep" else [])]
        if size > MOST_BYTES_AT_ONCE:
            digests = await self._threads.run(_digests_of_all, inputs)
        else:
            digests = _digests_of_all(inputs)
        if self._live_of(digests) is not None:
            await self._threads.run(self.refuse_digests, call, digests)

    def check_samples(self, call: Call, samples: Floats) -> None:
        """Check samples on their way into a data set. This blocks.

        Inputs are drawn when an attempt begins, so a data set can only have those of challenges
        that are live while it is uploaded.

        Raises
        ------
        ServiceError
            CHALLENGE_INPUT: a sample is one of a live challenge's inputs.
        """
        if self._live:
            self.refuse_digests(call, digests_of_samples(samples))

    def refuse_digests(self, call: Call, digests: Iterable[bytes]) -> None:
        """Refuse inputs of a live challenge, and tell the graders. This blocks."""
        live = self._live_of(digests)
        if live is None:
            return
        self._note(call, live)
        raise ServiceError(
            Reason.CHALLENGE_INPUT,
            "an input is one of a challenge that somebody has still to answer",
            metadata={"assignment": live.assignment},
        )

    def _live_of(self, digests: Iterable[bytes]) -> LiveAttempt | None:
        now = now_ms()
        found = (self._live.get(digest) for digest in digests)
        return next((live for live in found if live is not None and live.expires_ms >= now), None)

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
        began = self._looked
        try:
            if self._database.is_made:
                await self._threads.run(self._read)
        except ServiceError as error:
            # What was seen last counts on. Without the database nobody can answer either.
            log.warning("the open assignments cannot be read: %s", error)
        finally:
            self._seen = began

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
                closed.append(_closed(assignment))
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


def _closed(assignment: Assignment) -> Closed:
    asked = {check.type for check in assignment.checks if check.kind in CLOSING}
    types = asked.union(*(CONTAINING.get(each, ()) for each in asked))
    optimizers = any(check.kind == "optimizer" for check in assignment.checks)
    return Closed(assignment, frozenset(types), optimizers)


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


def _check_optimizer(closed: Iterable[Closed], kind: str) -> None:
    """Check the optimizer of a step. One that is not named is that of the step before."""
    for each in closed:
        if each.asks_for_optimizers and not kind:
            raise ServiceError(
                Reason.LAYER_TYPE_CLOSED,
                f"the assignment {each.assignment.assignment} is open for you and asks for "
                "optimizers: name the one of each step",
                metadata={"assignment": each.assignment.assignment},
            )
    _refuse(closed, [kind])


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
