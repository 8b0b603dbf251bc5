"""Who took over what is served, when and why: the table ``ml.promotions``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.settings import SHOP

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from segml.warehouse import Warehouse


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """One row of ``ml.promotions``: a version took over what is served.

    Parameters
    ----------
    promoted_at : datetime
        UTC.
    action : str
        ``promote``, or ``rollback`` to the version that was served before.
    actor : str
        ``auto`` for a training run, ``manual`` for a person.
    previous_version : str or None
        What was served until then.
    delta, ci_low, ci_high : float or None
        Test log loss of the new version's kind less that of the previous one's, with its 95 %
        interval; None where nothing was compared.
    p_better : float or None
        Share of resamples in which it is lower.
    """

    promoted_at: datetime
    action: str
    actor: str
    model_version: str
    previous_version: str | None
    reason: str
    delta: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_better: float | None = None


def record_promotion(warehouse: Warehouse, promotion: Promotion) -> None:
    """Make a registered version the champion, and say why."""
    with warehouse.transaction():
        crown(warehouse, promotion)


def crown(warehouse: Warehouse, promotion: Promotion) -> None:
    """Do so within the caller's transaction."""
    # every data set has a champion of its own
    warehouse.execute(
        "update ml.model_versions set status = 'retired' where status = 'champion' and "
        "coalesce(data_set, $shop) = (select coalesce(data_set, $shop) from ml.model_versions "
        "where model_version = $version)",
        {"shop": SHOP, "version": promotion.model_version},
    )
    warehouse.execute(
        "update ml.model_versions set status = 'champion' where model_version = ?",
        [promotion.model_version],
    )
    warehouse.append("ml.promotions", pd.DataFrame([asdict(promotion)]))


def list_promotions(warehouse: Warehouse, *, data_set: str = SHOP) -> list[Promotion]:
    """Return all promotions of the versions that learned from a data set, oldest first."""
    if not warehouse.has_table("ml", "promotions"):
        return []
    names = Promotion.__dataclass_fields__
    # versions from before there were data sets, and those that are gone, are of the shop
    rows = warehouse.rows(
        f"select {', '.join(names)} from ml.promotions left join (select model_version, data_set "
        "from ml.model_versions) using (model_version) where coalesce(data_set, $shop) = $data_set "
        "order by promoted_at",
        {"shop": SHOP, "data_set": data_set},
    )
    return [Promotion(**dict(zip(names, row, strict=True))) for row in rows]


def reigning_versions(promotions: Sequence[Promotion]) -> list[str]:
    """Return the champions that a rollback can return to, the present one last.

    A rollback takes the champion off the list, so that two in a row do not end where they began.
    """
    reigns: list[str] = []
    for item in promotions:
        if not reigns and item.previous_version is not None:
            reigns.append(item.previous_version)  # served before promotions were recorded
        if item.action == "rollback":
            del reigns[-1:]
        elif reigns[-1:] != [item.model_version]:
            reigns.append(item.model_version)
    return reigns


def replaced_by_hand(promotions: Sequence[Promotion]) -> str | None:
    """Return the version that a person has just replaced, if that was the last change."""
    last = promotions[-1] if promotions else None
    return last.previous_version if last is not None and last.actor == "manual" else None
