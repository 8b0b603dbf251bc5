"""The last events of each customer as arrays: what sequence models see, free of SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECENT_EVENTS = "recent_events"  # what the events of a customer say beyond the features


@dataclass(frozen=True)
class EventSequences:
    """The last events of each customer before the snapshot, newest last, right-aligned.

    Parameters
    ----------
    event_type, category : array of int16, shape (n, l)
        Index into ``event_types`` and ``categories``; -1 where padded and where unknown.
    log_amount : array of float32, shape (n, l)
        Natural logarithm of 1 + the currency of an order or refund; 0 for other events.
    days_before : array of int32, shape (n, l)
        Days from the event to the snapshot, at least 1; 0 where padded.
    event_types, categories : tuple of str
        The vocabularies.
    """

    event_type: NDArray[np.int16]
    category: NDArray[np.int16]
    log_amount: NDArray[np.float32]
    days_before: NDArray[np.int32]
    event_types: tuple[str, ...]
    categories: tuple[str, ...]

    def take(self, selection: NDArray[np.bool_] | NDArray[np.int_]) -> EventSequences:
        """Return the selected rows (boolean mask or positions), order kept as given."""
        return replace(
            self,
            event_type=self.event_type[selection],
            category=self.category[selection],
            log_amount=self.log_amount[selection],
            days_before=self.days_before[selection],
        )

    def with_vocabulary(
        self, event_types: tuple[str, ...], categories: tuple[str, ...]
    ) -> EventSequences:
        """Return the same events under other vocabularies; what they lack becomes -1."""
        return replace(
            self,
            event_type=_renumbered(self.event_type, self.event_types, event_types),
            category=_renumbered(self.category, self.categories, categories),
            event_types=event_types,
            categories=categories,
        )

    def newest_in_words(self) -> NDArray[np.object_]:
        """Say what each customer did last, such as "purchase 12 days ago"; ``None`` if nothing."""
        names = np.array([*self.event_types, "event"], dtype=object)[self.event_type[:, -1]]
        return np.array(
            [
                f"{name.replace('_', ' ')} {days} day{'' if days == 1 else 's'} ago"
                if days
                else None
                for name, days in zip(names, self.days_before[:, -1].tolist(), strict=True)
            ],
            dtype=object,
        )

    def used_vocabulary(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the event types and the categories that occur, sorted by name."""
        return (
            _used_names(self.event_type, self.event_types),
            _used_names(self.category, self.categories),
        )


def _renumbered(
    numbers: NDArray[np.int16], old: tuple[str, ...], new: tuple[str, ...]
) -> NDArray[np.int16]:
    if old == new:
        return numbers
    position = {name: number for number, name in enumerate(new)}
    # the last entry is what -1 points to
    translation = np.array([*(position.get(name, -1) for name in old), -1], dtype=np.int16)
    return translation[numbers]


def _used_names(numbers: NDArray[np.int16], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(names[number] for number in np.unique(numbers[numbers >= 0])))
