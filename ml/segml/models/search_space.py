"""What a tuner may vary in a model, declared beside the model and free of any tuner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segml.errors import SettingsError

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


def complete_parameters(
    given: Parameters | None, space: SearchSpace, defaults: Parameters
) -> dict[str, Any]:
    """Return the defaults, replaced by what is given.

    Raises
    ------
    SettingsError
        When a given name is in neither: it would be ignored silently.
    """
    known = dict.fromkeys((*space, *defaults))
    unknown = sorted(set(given or {}) - set(known))
    if unknown:
        raise SettingsError(
            f"Unknown model parameter {', '.join(unknown)}", f"Known are {', '.join(known)}"
        )
    return {**defaults, **(given or {})}
