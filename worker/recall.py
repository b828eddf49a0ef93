"""Tells what a batch needs of the stored sessions from what the worker has, without Redis."""

from __future__ import annotations

from collections.abc import Sequence

from edunn_serving import keys
from edunn_serving.batch_message import OperationHead
from edunn_serving.keys import SessionKey
from worker.methods import METHODS, Method
from worker.needs import means_latest, named_contexts
from worker.ready import ReadySession, ReadySessions
from worker.recent_contexts import RecentContexts
from worker.stored import StoredLayer, StoredSession, StoredSlot

# The version of a slot that the worker has not kept up with. No slot has it.
UNKNOWN = -1


def recall(
    heads: Sequence[OperationHead], ready: ReadySessions, recent: RecentContexts
) -> dict[SessionKey, StoredSession] | None:
    """Return the sessions as this worker left them; None if it lacks what a batch needs.

    They may have changed since, so the commit must verify them.
    """
    recalled: dict[SessionKey, StoredSession] = {}
    for head in heads:
        at_hand, method = ready.get(head.session), METHODS.get(head.method)
        if at_hand is None or method is None:
            return None
        session = recalled.get(head.session)
        if session is None:
            session = recalled[head.session] = StoredSession(
                at_hand.revision, None, at_hand.has_contexts, at_hand.has_forgotten, {}, {},
                journal=at_hand.journal.stored_as,
            )  # fmt: skip
        for name in (head.layer, head.loss):
            if name is not None and not _recall_layer(session, name, at_hand, method):
                return None
        if head.layer is not None:
            wanted_contexts = named_contexts(head, method)
            latest = at_hand.layers[head.layer].latest
            if latest and means_latest(head, method):
                wanted_contexts[latest] = False
            for wanted, is_new in wanted_contexts.items():
                if not _recall_context(session, head, wanted, at_hand, recent, is_new=is_new):
                    return None
    return recalled


def _recall_layer(session: StoredSession, name: str, at_hand: ReadySession, method: Method) -> bool:
    """Add a layer; False if the worker lacks it or a slot that the method uses."""
    layer = at_hand.layers.get(name)
    if layer is None or not layer.last_batch:
        return False
    if any(slot.name not in layer.current_slots for slot in method.slots):
        return False
    if name not in session.layers:
        slots = {
            slot: StoredSlot(version if slot in layer.current_slots else UNKNOWN, None)
            for slot, version in layer.versions.items()
        }
        session.layers[name] = StoredLayer(slots, layer.count, layer.latest, layer.last_batch, {})
    return True


def _recall_context(
    session: StoredSession,
    head: OperationHead,
    wanted: str,
    at_hand: ReadySession,
    recent: RecentContexts,
    *,
    is_new: bool,
) -> bool:
    """Add a context, or that there is none; False if the worker lacks one that there should be."""
    name = head.layer or ""
    contexts = session.layers[name].contexts
    if wanted in contexts:
        return True
    stored_as = keys.context(name, wanted)
    context = recent.get(head.session, at_hand.record.incarnation, stored_as)
    if context is None and not is_new:
        return False
    contexts[wanted] = context
    if session.lengths is not None:
        session.lengths[stored_as] = len(context or b"")
    return True
