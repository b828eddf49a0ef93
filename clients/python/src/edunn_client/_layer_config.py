"""What the typed configurations of `edunn_client.layers` have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class TypedConfig:
    """A type of the catalogue with its configuration."""

    @property
    def type(self) -> str:
        """The type's name in the catalogue."""
        return type(self).__name__

    def config(self) -> dict[str, Any]:
        """Return the configuration as the service takes it, without what is at its default."""
        values = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        return {
            name: plain(value)
            for name, (value, default) in values.items()
            if default is MISSING or value != default
        }

    def described(self) -> dict[str, Any]:
        """Return type and configuration, as one layer's configuration has another's."""
        return {"type": self.type, "config": self.config()}


class LayerConfig(TypedConfig):
    """The configuration of a layer, such as `layers.Dropout(p=0.5)`."""


class OptimizerConfig(TypedConfig):
    """The configuration of an optimizer, such as `optimizers.Adam(lr=0.01)`."""


class InitializerConfig(TypedConfig):
    """The configuration of an initializer, such as `layers.Constant(c=0.5)`."""


#: The layers of a Sequential: by their names in order, or without names.
NamedLayers = Mapping[str, LayerConfig] | Sequence[LayerConfig]


def plain(value: object) -> Any:
    """Return a value with the typed configurations in it as dictionaries."""
    match value:
        case TypedConfig():
            return value.described()
        case Mapping():
            return [{"name": name, **plain(layer)} for name, layer in value.items()]
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value
