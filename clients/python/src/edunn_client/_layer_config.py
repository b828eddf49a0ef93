"""What the typed configurations of `edunn_client.layers` have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

from edunn_client._config import NESTED_LAYERS, too_deep


@dataclass(frozen=True)
class TypedConfig:
    """A type of the catalogue with its configuration."""

    @property
    def type(self) -> str:
        """The type's name in the catalogue."""
        return type(self).__name__

    def config(self) -> dict[str, Any]:
        """Return the configuration as the service takes it, without what is at its default.

        Raises
        ------
        ValueError
            Layers lie deeper within each other than the service takes.
        """
        return _config_of(self, 0)


class LayerConfig(TypedConfig):
    """The configuration of a layer, such as `layers.Dropout(p=0.5)`."""


class OptimizerConfig(TypedConfig):
    """The configuration of an optimizer, such as `optimizers.Adam(lr=0.01)`."""


class InitializerConfig(TypedConfig):
    """The configuration of an initializer, such as `layers.Constant(c=0.5)`."""


#: The layers of a Sequential: by their names in order, or without names.
NamedLayers = Mapping[str, LayerConfig] | Sequence[LayerConfig]


def _config_of(typed: TypedConfig, depth: int) -> dict[str, Any]:
    # An initializer may lie within the deepest layer.
    if depth > NESTED_LAYERS + 1:
        raise too_deep(typed.type)
    values = {field.name: (getattr(typed, field.name), field.default) for field in fields(typed)}
    return {
        name: _plain(value, depth)
        for name, (value, default) in values.items()
        if default is MISSING or value != default
    }


def _plain(value: object, depth: int) -> Any:
    """Return a value with the typed configurations in it as dictionaries."""
    match value:
        case TypedConfig():
            return {"type": value.type, "config": _config_of(value, depth + 1)}
        case Mapping():
            return [{"name": name, **_plain(layer, depth)} for name, layer in value.items()]
        case list() | tuple():
            return [_plain(item, depth) for item in value]
        case _:
            return value
