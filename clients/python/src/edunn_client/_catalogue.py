"""Which of a layer's arrays are learned, and which are buffers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edunn_client._descriptions import LayerInfo, LayerType


class Catalogue:
    """The service's layer types by name."""

    def __init__(self, layer_types: tuple[LayerType, ...]) -> None:
        self.layer_types = layer_types
        self._by_name = {layer_type.type: layer_type for layer_type in layer_types}

    def buffers_of(self, layer: LayerInfo) -> frozenset[str]:
        """Return the names of the layer's arrays that it keeps but does not learn.

        GetParameters returns both kinds; only the layer types tell them apart. Within a Sequential
        `norm(mean)` is a buffer if `mean` is one of a type that the configuration mentions.
        """
        types = [
            self._by_name[name]
            for name in {layer.type, *_strings(layer.config)}
            if name in self._by_name
        ]
        learned = {parameter.name for kind in types for parameter in kind.parameters}
        buffers = {buffer.name for kind in types for buffer in kind.buffers} - learned
        names = (parameter.name for parameter in layer.parameters)
        return frozenset(name for name in names if _innermost(name) in buffers)

    def is_loss(self, layer: LayerInfo) -> bool:
        """Tell whether a layer compares an output with the truth."""
        found = self._by_name.get(layer.type)
        return found is not None and found.inputs == ("y_true", "y")


def _innermost(name: str) -> str:
    return name.rstrip(")").rpartition("(")[2]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
