"""Every optimizer type by name: its description, and how to build one from plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edunn.catalogue import check_fields, of_type, summary
from edunn.description import OptimizerDescription
from edunn.errors import ConfigError, Fault
from edunn.fields import Rule, rules
from edunn.optimizers.gradient import (
    Adam,
    GradientDescent,
    MomentumGD,
    NesterovMomentumGD,
    RMSprop,
    SignGD,
)
from edunn.optimizers.optimizer import BatchedGradientOptimizer

#: Every optimizer by its type name. One line here makes a class known to the service.
OPTIMIZER_TYPES: dict[str, type[BatchedGradientOptimizer]] = {
    kind.__name__: kind
    for kind in (Adam, GradientDescent, MomentumGD, NesterovMomentumGD, RMSprop, SignGD)
}

_NOUN = "an optimizer type"


def describe_optimizer(optimizer_type: str) -> OptimizerDescription:
    """Describe an optimizer type as a value: without the arguments of the training loop.

    Raises
    ------
    ConfigError
        If there is no such type.
    """
    cls = of_type(optimizer_type, OPTIMIZER_TYPES, _NOUN)
    return OptimizerDescription(
        type=optimizer_type,
        summary=summary(cls),
        fields=tuple(rule.description for rule in _value_rules(cls).values()),
        state=cls.state_descriptions,
    )


def build_optimizer(optimizer_type: str, config: Mapping[str, object]) -> BatchedGradientOptimizer:
    """Build an optimizer, as a value, from plain values such as JSON has.

    Parameters
    ----------
    optimizer_type : str
        A key of `OPTIMIZER_TYPES`.
    config : mapping of str to object
        The fields that `describe_optimizer` names; those left out have their defaults.

    Raises
    ------
    ConfigError
        With every field at fault in `violations`.
    """
    cls: Any = of_type(optimizer_type, OPTIMIZER_TYPES, _NOUN)
    faults: list[Fault] = []
    arguments = check_fields(cls.__name__, _value_rules(cls), config, faults)
    if faults:
        raise ConfigError(layer=optimizer_type, faults=faults)
    optimizer: BatchedGradientOptimizer = cls(**arguments)
    return optimizer


def _value_rules(cls: type[BatchedGradientOptimizer]) -> dict[str, Rule]:
    return {name: rule for name, rule in rules(cls).items() if name not in cls.loop_arguments}
