"""The journal of a session: the steps of a layer since its slots were stored.

A step gives the same bits whenever it is taken, and its request is often much smaller than the
slots that it changes, or lies in Redis already. So a batch of steps may store its requests in place
of the slots. A worker that lacks the layer loads the slots and takes the journaled steps again
(`worker/replay.py`). Whatever else uses the session stores the slots and ends the journal.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from edunn_serving.internal.v1.state_pb2 import JournaledSteps
from worker.slots import LARGE_SLOT_BYTES, PARAMETERS

# The kind of their seals.
JOURNAL_SEAL = "steps"
# A journal is ended beyond these: they bound the time and the memory of taking its steps again.
MOST_BATCHES = 64
MOST_SECONDS = 0.5
MOST_BYTES = 16 * 1024 * 1024
# And beyond this many times the bytes of the slots, because the journal counts for the caller.
MOST_TIMES_THE_SLOTS = 32


class Journal(NamedTuple):
    """The steps of one layer with one loss that its stored slots lack."""

    layer: str = ""
    loss: str = ""
    # The ids of the batches that had them, and how many requests of each lie apart.
    batches: tuple[tuple[str, int], ...] = ()
    # The names of the slots that they have changed.
    slots: frozenset[str] = frozenset()
    size: int = 0
    # The processor time that they took.
    seconds: float = 0.0

    @property
    def stored_as(self) -> str:
        """What the session's hash has of it. Names of layers have no slash."""
        if not self.batches:
            return ""
        batches = (f"{batch_id}:{apart}" for batch_id, apart in self.batches)
        return "/".join((self.layer, self.loss, *batches))


NO_JOURNAL = Journal()


class BatchSteps(NamedTuple):
    """The steps of a batch that has nothing but steps of one layer with one loss."""

    batch_id: str
    layer: str
    loss: str
    # The places in the batch of those that took effect.
    numbers: Sequence[int]
    requests: Sequence[bytes]
    # The seals of the requests, if these lie apart.
    marks: Sequence[bytes]
    lie_apart: bool
    seconds: float

    @property
    def size(self) -> int:
        return sum(len(self.requests[number]) for number in self.numbers)

    @property
    def apart(self) -> Sequence[int]:
        """The places of the requests that lie apart."""
        return self.numbers if self.lie_apart else ()

    def encode(self, forwards: int, parameters_version: int) -> bytes:
        """Return the message to store."""
        return JournaledSteps(
            forwards=forwards,
            numbers=self.numbers,
            requests=() if self.lie_apart else [self.requests[number] for number in self.numbers],
            marks=[self.marks[number] for number in self.numbers] if self.marks else (),
            parameters_version=parameters_version,
        ).SerializeToString()


class JournalChange(NamedTuple):
    """What a commit does with a session's journal."""

    # What must be stored of it, and what is stored from now on. None: it stays.
    present: str = ""
    following: str | None = None
    # The steps to store, if any follow, and their bytes with those of requests that lie apart.
    steps: bytes = b""
    size: int = 0
    # The places in the batch of the requests that lie apart and stay.
    apart: Sequence[int] = ()


NO_CHANGE = JournalChange()


class LoadedSteps(NamedTuple):
    """The stored steps of one batch."""

    forwards: int
    requests: Sequence[bytes]
    parameters_version: int


def with_steps(
    journal: Journal, steps: BatchSteps, changed: Collection[tuple[str, str]], slot_bytes: int
) -> Journal | None:
    """Return a journal with some more steps; None if slots are to be stored instead.

    Parameters
    ----------
    changed
        The layer and name of each slot that the batch has changed.
    slot_bytes
        The bytes of their arrays.
    """
    if any(layer != steps.layer for layer, _ in changed):
        return None
    if (steps.layer, PARAMETERS.name) not in changed or slot_bytes < LARGE_SLOT_BYTES:
        return None
    if journal.batches and (journal.layer, journal.loss) != (steps.layer, steps.loss):
        return None
    longer = Journal(
        steps.layer,
        steps.loss,
        (*journal.batches, (steps.batch_id, len(steps.apart))),
        journal.slots | {name for _, name in changed},
        journal.size + steps.size,
        journal.seconds + steps.seconds,
    )
    is_within = (
        len(longer.batches) <= MOST_BATCHES
        and longer.seconds <= MOST_SECONDS
        and longer.size <= min(MOST_BYTES, MOST_TIMES_THE_SLOTS * slot_bytes)
    )
    # Requests that lie apart are in Redis already, and only get another name. Others that are as
    # large as the slots save nothing.
    return longer if is_within and (steps.lie_apart or steps.size < slot_bytes) else None


def read_journal(stored_as: str) -> tuple[str, str, tuple[tuple[str, int], ...]]:
    """Return the layer, the loss and the batches that a stored journal names."""
    layer, loss, *batches = stored_as.split("/")
    pairs = (each.rpartition(":") for each in batches)
    return layer, loss, tuple((batch_id, int(apart)) for batch_id, _, apart in pairs)
