"""The names of all keys and fields in Redis. No other module knows them.

All keys of one session have its id as their hash tag, so that a Redis cluster keeps them together.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# The number grows with each change of the stored form. Sessions of an older form are then lost.
ROOT = "edunn:5"
# An operation's number in a batch, in an `overrun_holder`.
OVERRUN_NUMBER = re.compile("[0-9]{1,9}")


class SessionKey(NamedTuple):
    """Names a session. Each caller has session ids of its own."""

    caller: str
    session_id: str


def queue(pool: str) -> str:
    """List of the messages that the workers of a pool read."""
    return f"{ROOT}:queue:{pool}"


def worker_queue(pool: str, worker_id: str) -> str:
    """List of the messages that only one worker of a pool reads."""
    return f"{ROOT}:queue:{pool}:{worker_id}"


def signs_of_life(pool: str) -> str:
    """Sorted set: worker id -> the time of its last sign of life, in seconds by Redis's clock."""
    return f"{ROOT}:workers:{pool}"


def session(caller: str, session_id: str) -> str:
    """Hash with a session's whole state, in the fields below.

    The caller's name is part of the key, so each caller has session ids of its own. A caller cannot
    tell another caller's session from one that does not exist.
    """
    return f"{ROOT}:{{{caller}/{session_id}}}:session"


def session_parts(caller: str) -> tuple[str, str]:
    """Return what precedes and what follows a session's id in the key of its hash."""
    before, after = session(caller, "\0").split("\0")
    return before, after


def sessions(caller: str) -> str:
    """Sorted set of a caller's session ids, with the time in ms at which each may have expired."""
    return f"{ROOT}:sessions:{caller}"


def state_bytes(caller: str) -> str:
    """Hash: id of a caller's session -> the bytes that it takes. The empty id has the sum."""
    return f"{ROOT}:state:{caller}"


def budgets(account: str) -> str:
    """Hash with what a caller, or an address, has left to spend."""
    return f"{ROOT}:budgets:{account}"


def context_order(caller: str, session_id: str) -> str:
    """List of the fields of the session's contexts, oldest first: the order of eviction."""
    return f"{ROOT}:{{{caller}/{session_id}}}:contexts"


def evicted_contexts(caller: str, session_id: str) -> str:
    """List of the fields of the session's evicted contexts, oldest first."""
    return f"{ROOT}:{{{caller}/{session_id}}}:evicted"


def large_slots(caller: str, session_id: str) -> str:
    """Hash of the large slots of the session, each under the name that its field tells."""
    return f"{ROOT}:{{{caller}/{session_id}}}:slots"


def journaled_steps(caller: str, session_id: str, batch_id: str) -> str:
    """The JournaledSteps of a batch."""
    return f"{ROOT}:{{{caller}/{session_id}}}:steps:{batch_id}"


def journaled_request(steps: str, place: int) -> str:
    """The request of a journaled step that lay apart, by its place among the batch's steps."""
    return f"{steps}:{place}"


def batch(batch_id: str) -> str:
    """List that exists until the batch is answered or taken back.

    Its one element is the number of the requests that lie apart.
    """
    return f"{ROOT}:batch:{batch_id}"


def requests(batch_id: str) -> str:
    """What precedes the numbers of a batch's requests, if they are too large for its message."""
    return f"{ROOT}:requests:{batch_id}:"


def request(batch_id: str, number: int) -> str:
    """One request of a batch, if they are too large for the batch's message."""
    return f"{requests(batch_id)}{number}"


def upload(server_id: str, number: int) -> str:
    """One request that waits for its batch."""
    return f"{ROOT}:upload:{server_id}:{number}"


def holder(batch_id: str) -> str:
    """The id of the worker that runs a batch, or an `overrun_holder`.

    It is missing while the batch waits, and at the beginning of a run on sessions at hand.
    """
    return f"{ROOT}:holder:{batch_id}"


def overrun_holder(worker_id: str, number: int) -> str:
    """The value of `holder` that a worker sets when it ends itself over one of the operations."""
    return f"{worker_id} {number}"


def read_holder(value: str) -> tuple[str, int | None]:
    """Return the worker that a value of `holder` names, and the operation over which it ended."""
    worker_id, _, number = value.partition(" ")
    return worker_id, int(number) if OVERRUN_NUMBER.fullmatch(number) else None


def abandoned(batch_id: str) -> str:
    """Set of the numbers of the batch's operations that nobody awaits any more."""
    return f"{ROOT}:abandoned:{batch_id}"


def large_result(batch_id: str, number: int) -> str:
    """A result that is too large for the reply stream."""
    return f"{ROOT}:result:{batch_id}:{number}"


def replies(server_id: str) -> str:
    """Stream of the replies of a server's batches, and the channel that tells of each."""
    return f"{ROOT}:replies:{server_id}"


def datasets(caller: str) -> str:
    """Hash of a caller's data sets: name -> DatasetRecord."""
    return f"{ROOT}:datasets:{caller}"


def artifacts(caller: str) -> str:
    """Hash of the bytes of a caller's budget: path in the artifact store -> bytes."""
    return f"{ROOT}:artifacts:{caller}"


def trainings(caller: str) -> str:
    """Sorted set of a caller's trainings: id -> the time of its start, in ms."""
    return f"{ROOT}:trainings:{caller}"


_TRAINING = f"{ROOT}:training:"


def training(caller: str, training_id: str) -> str:
    """Hash of a training. `edunn_serving/training_store.py` has its fields."""
    return f"{_TRAINING}{caller}/{training_id}"


def read_training(key: str) -> tuple[str, str]:
    """Return the caller and the id of a training, of which `training` made the key."""
    caller, _, training_id = key.removeprefix(_TRAINING).rpartition("/")
    return caller, training_id


def training_cancellations(caller: str, training_id: str) -> str:
    """List with a value for each cancellation of a training that its worker has not heard of."""
    return f"{ROOT}:training-cancellations:{caller}/{training_id}"


def active_trainings(caller: str) -> str:
    """Set of the ids of a caller's trainings that have not ended."""
    return f"{ROOT}:active-trainings:{caller}"


def training_events(caller: str, training_id: str) -> str:
    """Stream of the events of a training."""
    return f"{ROOT}:training-events:{caller}/{training_id}"


# List of a caller's trainings that wait for a worker, by their keys. The caller's name follows.
READY_TRAININGS = f"{ROOT}:ready-trainings:"


def ready_trainings(caller: str) -> str:
    """List of a caller's trainings that wait for a worker, by their keys."""
    return READY_TRAININGS + caller


def ready_callers() -> str:
    """Sorted set of the callers that have trainings that wait: caller -> its turn."""
    return f"{ROOT}:ready-callers"


def training_turns() -> str:
    """Sorted set: caller -> the ms of computing after which it has its turn."""
    return f"{ROOT}:training-turns"


def held_trainings() -> str:
    """Hash of the trainings that workers compute: key of the training -> holder."""
    return f"{ROOT}:held-trainings"


def ended_trainings() -> str:
    """Sorted set: key of a training -> the time at which it is forgotten, in ms."""
    return f"{ROOT}:ended-trainings"


# The fields of a session's hash. No two fields collide, because layer names have no slash.

# A SessionRecord, and the revision that changes with it.
RECORD = "record"
REVISION = "revision"
# The bytes of the budget that the contexts take. Missing before the first context.
CONTEXT_BYTES = "context-bytes"
# Set when the session has forgotten the oldest of its evicted contexts.
FORGOTTEN = "forgotten"
# The bytes of the session's arrays and records.
SLOT_BYTES = "slot-bytes"
# Where to find the steps since a layer's slots were stored: the layer, the loss, and each batch
# with a colon and the number of its requests that lie apart, all with slashes between. Missing if
# all slots are stored. And the bytes that the steps take.
JOURNAL = "journal"
JOURNAL_BYTES = "journal-bytes"
# The key of the batch whose turn it is to change the session, after many conflicts.
TURN = "turn"

# Prefixes of fields. A layer's name follows. The scripts put them together too.

# The batch that changed a layer last. If it has changed, another batch has run in between.
LAST_BATCH = "last-batch/"
# The number of a layer's forwards that the service has numbered.
COUNT = "count/"
# The id of a layer's latest tracked forward.
LATEST = "latest/"
# A context. A slash and the forward's id follow the layer's name.
CONTEXT = "context/"
# How often a slot of a layer has been set. The slot's name and a slash precede the layer's name.
VERSION = "version/"

# The fields by their names in the scripts.
FIELDS = {
    "record": RECORD,
    "revision": REVISION,
    "context_bytes": CONTEXT_BYTES,
    "slot_bytes": SLOT_BYTES,
    "forgotten": FORGOTTEN,
    "journal": JOURNAL,
    "journal_bytes": JOURNAL_BYTES,
    "turn": TURN,
    "last_batch": LAST_BATCH,
    "count": COUNT,
    "latest": LATEST,
    "context": CONTEXT,
    "version": VERSION,
}


def count(layer: str) -> str:
    """The number of a layer's forwards that the service has numbered."""
    return COUNT + layer


def latest(layer: str) -> str:
    """The id of a layer's latest tracked forward."""
    return LATEST + layer


def context(layer: str, forward_id: str) -> str:
    """The context of a forward. Only its header is left after eviction."""
    return f"{CONTEXT}{layer}/{forward_id}"


def slot(name: str, layer: str) -> str:
    """The arrays of a slot of a layer; of a large one, `LARGE_SLOT` and its name there."""
    return f"{name}/{layer}"


# No encoded message begins with this byte.
LARGE_SLOT = b"\0"


def large_slot(field: str, commit: str) -> str:
    """The name in `large_slots` of what a commit stores for a slot."""
    return f"{field}/{commit}"


def version(slot_name: str, layer: str) -> str:
    """How often a slot of a layer has been set."""
    return f"{VERSION}{slot_name}/{layer}"


def grading_trial(trial_id: str) -> str:
    """List with the one result of a trial of an assignment. It lasts a minute."""
    return f"{ROOT}:grading:trial:{trial_id}"
