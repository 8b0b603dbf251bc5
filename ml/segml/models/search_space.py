"""What a tuner may vary in a model, declared beside the model and free of any tuner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ParameterValue = float | int | str
Parameters = Mapping[str, ParameterValue]


@dataclass(frozen=True)
class Span:
    """Numbers from ``low`` to ``high``, both included; ``log`` spaces them by ratio."""

    low: float
    high: float
    log: bool = False
    integer: bool = False


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    values: tuple[ParameterValue, ...]


SearchSpace = Mapping[str, Span | Choice]
