"""What a batch needs of the stored sessions, and what the worker has of it already."""

from __future__ import annotations

from collections.abc import Sequence

from edunn_serving.batch_message import OperationHead
from edunn_serving.keys import SessionKey
from worker.methods import METHODS, Method
from worker.ready import ReadySession, ReadySessions
from worker.repetitions import trace_of
from worker.slots import SLOT_NAMES
from worker.stored import LayerNeeds, Needs


def needs_of(heads: Sequence[OperationHead], ready: ReadySessions) -> dict[SessionKey, Needs]:
    """Return what a batch needs of each session."""
    needs: dict[SessionKey, Needs] = {}
    for head in heads:
        key = head.session
        session = ready.get(key)
        need = needs.get(key)
        if need is None:
            need = needs[key] = (
                Needs(session.revision, journal=session.journal.stored_as) if session else Needs()
            )
        method = METHODS.get(head.method)
        if method is None or head.layer is None:
            continue
        layer = _layer_needs(need, head.layer, session, method)
        layer.latest |= means_latest(head, method)
        if names := named_contexts(head, method):
            layer.contexts.update(dict.fromkeys(names))
        if head.loss is not None:
            _layer_needs(need, head.loss, session, method)
    return needs


def means_latest(head: OperationHead, method: Method) -> bool:
    """Tell whether an operation needs the context of the layer's latest forward."""
    return method.means_latest_forward and not head.forward_id


def named_contexts(head: OperationHead, method: Method) -> dict[str, bool]:
    """Return the names of the contexts that an operation looks for, and whether each is new.

    A new one is usually not there yet.
    """
    names: dict[str, bool] = {}
    if not (head.forward_id or head.repeat_id):
        return names
    if head.forward_id:
        names[head.forward_id] = method.names_new_forward
    if head.repeat_id:
        names[trace_of(method.repeated_as, head.repeat_id)] = True
    return names


def _layer_needs(
    need: Needs, name: str, session: ReadySession | None, method: Method
) -> LayerNeeds:
    """Return the needs of one layer, with the slots that a method uses."""
    layer = need.layers.get(name)
    if layer is None:
        layer = need.layers[name] = LayerNeeds([None] * len(SLOT_NAMES))
    ready = session.layers.get(name) if session else None
    for slot in method.slots:
        layer.versions[slot.number] = ready.versions[slot.name] if ready else 0
    return layer
