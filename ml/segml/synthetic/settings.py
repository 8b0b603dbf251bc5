"""Size, dates and seed of a synthetic shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from segml.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_DAYS = 30
MIN_HORIZON_DAYS = 7
MAX_DIRT = 10.0


@dataclass(frozen=True, kw_only=True)
class ShopSettings:
    """What a synthetic shop looks like from outside; the process itself is fixed.

    The same settings give the same files. Customers are drawn in chunks of
    ``chunk_customers``, each from its own random stream, so a larger shop with the same seed
    and chunk size begins with the same complete chunks; another chunk size is another shop.
    """

    customers: int = 1_500  # accounts, bots and wholesale buyers included
    days: int = 731
    seed: int = 42
    start_date: date = date(2023, 7, 1)
    horizon_days: int = 90  # of the outcomes in the truth tables
    snapshot_count: int = 8
    snapshot_step_days: int = 30
    dirt: float = 1.0  # multiplies every rate in ``dirt.DIRT_RATES``; 0 gives a clean shop
    chunk_customers: int = 20_000  # bounds memory

    def __post_init__(self) -> None:
        """Reject values that cannot work, naming the setting."""
        _require_at_least("customers", self.customers, 1)
        _require_at_least("days", self.days, MIN_DAYS)
        _require_at_least("seed", self.seed, 0)
        _require_at_least("horizon_days", self.horizon_days, MIN_HORIZON_DAYS)
        _require_at_least("snapshot_count", self.snapshot_count, 1)
        _require_at_least("snapshot_step_days", self.snapshot_step_days, 1)
        _require_at_least("chunk_customers", self.chunk_customers, 1)
        if not 0 <= self.dirt <= MAX_DIRT:
            raise SettingsError(
                f"Demo shop setting `dirt` must be between 0 and {MAX_DIRT:g}, got {self.dirt:g}",
                "Choose 1 for the documented rates or 0 for clean data",
            )

    @property
    def as_of_date(self) -> date:
        """The day after the last day of data."""
        return self.start_date + timedelta(days=self.days)

    @property
    def simulated_days(self) -> int:
        """Days simulated: the data and, for the truth at ``as_of_date``, one horizon more."""
        return self.days + self.horizon_days

    @property
    def snapshot_days(self) -> list[int]:
        """Day numbers of the truth's snapshots, oldest first; the last is ``as_of_date``."""
        back = range(self.snapshot_count - 1, -1, -1)
        days = (self.days - steps * self.snapshot_step_days for steps in back)
        return [day for day in days if day > 0]

    def chunks(self) -> Iterator[tuple[int, int, np.random.SeedSequence]]:
        """Yield (first customer number, customers, random seed) of each chunk."""
        starts = range(0, self.customers, self.chunk_customers)
        for start, seed in zip(
            starts, np.random.SeedSequence(self.seed).spawn(len(starts)), strict=True
        ):
            yield start, min(self.chunk_customers, self.customers - start), seed


def _require_at_least(name: str, value: int, minimum: int) -> None:
    if value < minimum:
        raise SettingsError(
            f"Demo shop setting `{name}` must be at least {minimum}, got {value}",
            f"Choose {minimum} or more",
        )
