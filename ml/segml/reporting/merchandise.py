"""Tables of what sells: recommendations, demand, and how well both were foreseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from segml.reporting import words
from segml.reporting.tables import Table, text_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segml.reporting.language import Language

RECOMMENDATION_METRICS = ("hit_rate", "recall", "ndcg", "coverage")
DEMAND_METRICS = ("wape", "bias")
WRITE = {"bias": words.change}
OWN_METHODS = ("recommended", "forecast")


def quality_table(say: Language, quality: pd.DataFrame, metrics: Sequence[str]) -> Table | None:
    """Return how well recommendations or forecasts did, beside their baselines."""
    if quality.empty:
        return None
    values = quality.pivot_table(index=["subject", "method"], columns="metric", values="value")
    values = values.reindex(columns=list(metrics)).sort_index(key=_own_first)
    return text_table(
        say,
        ("judged_by", "method", *metrics),
        [
            (
                say.term("quality_subject", str(subject)),
                say.term("quality_method", str(method)),
                *(WRITE.get(name, words.share)(x) for name, x in zip(metrics, row, strict=True)),
            )
            for (subject, method), row in zip(values.index, values.to_numpy(), strict=True)
        ],
    )


def _own_first(level: pd.Index) -> pd.Index:
    """Return the order of subjects and methods: what is served before its baselines."""
    return level.map(lambda name: (name not in OWN_METHODS, name))


def demand_table(say: Language, demand: pd.DataFrame) -> Table | None:
    """Return the units that customers are expected to order, by category."""
    return text_table(
        say,
        ("category", "expected_units", "interval", "last_period_units", "change"),
        [
            (
                say.name("category", row["category"]),
                words.count(row["expected_units"]),
                f"{words.count(row['low_units'])}\N{EN DASH}{words.count(row['high_units'])}"
                if pd.notna(row["low_units"])
                else words.UNKNOWN,
                words.count(row["last_period_units"]),
                words.change(row["change_rate"]),
            )
            for row in demand.to_dict("records")
        ],
    )


def product_table(say: Language, recommended: pd.DataFrame) -> Table | None:
    """Return the products that each RFM segment buys most."""
    return text_table(
        say,
        ("segment", "products"),
        [
            (say.segment(name), "; ".join(map(str, products["product"])))
            for name, products in (recommended.groupby("list_name") if len(recommended) else ())
        ],
    )
