"""What a session remembers on the client's side, for the sync and the asyncio client."""

from __future__ import annotations

import dataclasses
import itertools
import os
import secrets
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from edunn_client._copies import NotCopied
from edunn_client._descriptions import LayerInfo, SessionInfo
from edunn_client._errors import NotFoundError
from edunn_client._layer_state import LayerState
from edunn_client._phase import Phase

SomeLayer = TypeVar("SomeLayer", bound=LayerState)


class ForwardNames:
    """Counts the forwards of a session's layers.

    The client names every forward itself, so that a call that got no answer can be made again
    without a second mask. Who created the session counts `c1`, `c2` and so on for each layer: the
    same seed and the same calls give the same masks. Who attached to a session of somebody else
    puts a random word before the count, and so does a forked process: two counts of the same names
    could meet. At best that is an error, at worst (the same input twice) a mask shared by two
    forwards.
    """

    def __init__(self, created: bool) -> None:
        self._process = os.getpid()
        self._prefix = "c" if created else _random_prefix()
        # Filled by setdefault and counted by next, which threads may call at once.
        self._counts: dict[str, Iterator[int]] = {}

    def next(self, layer: str) -> str:
        """Return the name of a layer's next forward."""
        if self._process != os.getpid():
            self._process, self._prefix, self._counts = os.getpid(), _random_prefix(), {}
        return f"{self._prefix}{next(self._counts.setdefault(layer, itertools.count(1)))}"


def _random_prefix() -> str:
    return f"{secrets.token_hex(6)}-"


class SessionState(NotCopied, Generic[SomeLayer]):
    """A session's name, its layers, and the counting of its forwards."""

    _instead = "send its session_id, and attach a client of that place to it"

    def __init__(self, info: SessionInfo, created: bool) -> None:
        self._info = info
        self._created = created
        self._process = os.getpid()
        self._names = ForwardNames(created)
        self._layers: dict[str, SomeLayer] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.session_id!r} with {len(self._layers)} layers>"

    @property
    def session_id(self) -> str:
        return self._info.session_id

    @property
    def _is_to_be_deleted(self) -> bool:
        """Whether the end of its block deletes it; in a forked process it is the parent's."""
        return self._created and self._process == os.getpid()

    @property
    def info(self) -> SessionInfo:
        """How the session stands, as far as this object knows; `refresh` asks the service."""
        layers = tuple(layer.info for layer in self._layers.values())
        return dataclasses.replace(self._info, layers=layers)

    @property
    def layers(self) -> Mapping[str, SomeLayer]:
        """The layers by name, those that others have added as of the latest `refresh`."""
        return self._layers

    @property
    def phase(self) -> Phase:
        """The phase of the forwards that name none."""
        return self._info.phase

    @property
    def seed(self) -> int:
        """The seed given, or the one that the service drew."""
        return self._info.seed

    def _take(self, info: SessionInfo) -> SessionInfo:
        """Note how the session stands; layers that others have added become known."""
        self._info = info
        for layer in info.layers:
            if layer.name not in self._layers:
                # Another thread may be here too: one object stays.
                self._layers.setdefault(layer.name, self._make_layer(layer))
        return info

    def _make_layer(self, info: LayerInfo) -> SomeLayer:
        raise NotImplementedError

    def _imported(self, info: LayerInfo) -> SomeLayer:
        """Return the layer that a model file was brought to."""
        known = self._layers.get(info.name)
        if known is None:
            return self._layers.setdefault(info.name, self._make_layer(info))
        known._note_step()
        return known

    def _found(self, name: str) -> SomeLayer:
        try:
            return self._layers[name]
        except KeyError:
            known = ", ".join(self._layers) or "none"
            raise NotFoundError(
                f"session {self.session_id!r} has no layer {name!r}, only: {known}",
                reason="LAYER_NOT_FOUND",
            ) from None


def only_a_name(name: str, *others: object) -> None:
    """Refuse a configuration for a layer of no type."""
    if any(others):
        raise TypeError(f"of what type is the new layer {name!r}? Name it, such as 'Dropout'")
