"""Tables of the later sections: people, campaigns, recommendations, changes and rivals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.reporting import words
from segml.reporting.drawing import Interval, intervals
from segml.reporting.segments import NO_PERSONA, published
from segml.reporting.tables import PROFILE_COLUMNS, Table, profile_cell, text_table

if TYPE_CHECKING:
    from markupsafe import Markup

    from segml.reporting.language import Language
    from segml.reporting.segments import Segments

SHOWN_CARDS = 8
CARD_FACTS = (
    "net_revenue_share", "expected_net_revenue", "mean_purchase_probability", "mean_order_count",
    "net_revenue_per_order", "mean_recency_days", "median_purchase_gap_days", "median_age_years",
    "mean_rating", "most_common_category", "most_common_channel", "consent_share",
)  # fmt: skip
FAIRNESS = {
    "customer_count": words.count,
    "base_rate_purchase": words.share,
    "mean_probability_purchase": words.share,
    "roc_auc_purchase": words.precise,
    "ece_purchase": words.share,
    "selection_rate": words.share,
    "true_positive_rate": words.share,
}
CLASS_FAIRNESS = {
    "customer_count": words.count,
    "accuracy": words.share,
    "log_loss": words.precise,
    "class_share_gap": words.share,
}


@dataclass(frozen=True)
class ProfileCard:
    """A segment on a card: its name, its size, and what is known of it."""

    name: str
    size: str
    facts: tuple[tuple[str, str], ...]


def profile_cards(say: Language, segments: Segments) -> tuple[ProfileCard, ...]:
    """Return a card per persona, or per RFM segment where there are no personas."""
    personas = published(segments.personas)
    personas = personas[personas["segment_name"] != NO_PERSONA]
    rows = published(segments.rfm) if personas.empty else personas
    return tuple(
        ProfileCard(
            say.segment(row["segment_name"]),
            say(
                "people.size",
                count=words.count(row["customer_count"]),
                share=words.share(row["customer_share"]),
            ),
            tuple(
                (say(f"profile.{name}"), profile_cell(say, name, row[name]))
                for name in CARD_FACTS
                if name in PROFILE_COLUMNS and pd.notna(row[name])
            ),
        )
        for row in rows.head(SHOWN_CARDS).to_dict("records")
    )


def audience_table(say: Language, audiences: pd.DataFrame) -> Table | None:
    """Return whom campaigns would contact, whom they hold out, and what is expected of it."""
    if audiences.empty:
        return None
    return text_table(
        say,
        ("campaign", "channel", "customers", "held_out", "cost", "expected_profit"),
        [
            (
                say.term("campaign", row["campaign_id"]),
                say.name("channel", row["channel"]),
                words.count(row["customer_count"]),
                words.count(row["holdout_count"]),
                cost,
                profit,
            )
            for row, cost, profit in zip(
                audiences.to_dict("records"),
                words.amounts(audiences["cost"].tolist()),
                words.amounts(audiences["expected_profit"].tolist()),
                strict=True,
            )
        ],
    )


def result_table(say: Language, results: pd.DataFrame) -> Table | None:
    """Return what past campaigns achieved against their hold-out groups."""
    return text_table(
        say,
        ("campaign", "contacted", "held_out", "uplift", "incremental", "reliability"),
        [
            (
                say.term("campaign", row["campaign_id"]),
                words.count(row["contacted_customer_count"]),
                words.count(row["control_customer_count"]),
                _points(say, row["conversion_uplift"], row["ci_low"], row["ci_high"]),
                words.count(row["incremental_net_revenue"]),
                say("campaigns.small_sample" if row["has_warning"] else "campaigns.enough"),
            )
            for row in results.to_dict("records")
        ],
    )


def change_table(say: Language, scorings: pd.DataFrame) -> Table | None:
    """Return the newest scoring beside the one before; None with less than two."""
    if len(scorings) != 2:  # noqa: PLR2004
        return None
    new, old = scorings.to_dict("records")
    measures = {
        "customers": ("customer_count", words.count),
        "mean_chance": ("mean_purchase_probability", words.share),
        "expected_net_revenue": ("expected_net_revenue", words.amount),
    }
    rows = [
        (
            say("column.known_until"),
            say.day(old["snapshot_date"]),
            say.day(new["snapshot_date"]),
            "",
        ),
        (say("column.model"), say.model(old["model_name"]), say.model(new["model_name"]), ""),
    ]
    for name, (measure, write) in measures.items():
        gap = new[measure] - old[measure]
        change = (
            say("changes.points", value=f"{100 * gap:+.1f}")
            if write is words.share
            else f"{gap:+,.0f}"
        )
        rows.append((say(f"term.{name}"), write(old[measure]), write(new[measure]), change))
    return text_table(say, ("measure", "before", "now", "change"), rows)


def rival_chart(say: Language, comparisons: pd.DataFrame) -> Markup | None:
    """Draw by how much each rival's log loss is above that of the served model."""
    rows = comparisons[comparisons["metric"] == "log_loss"] if len(comparisons) else comparisons
    if rows.empty:
        return None
    return intervals(
        [
            Interval(
                say.model(row["challenger_name"]),
                row["difference"],
                row["ci_low"],
                row["ci_high"],
                f"{row['difference']:+.3f}",
                is_strong=row["ci_low"] > 0,
            )
            for row in rows.sort_values("difference").to_dict("records")
        ],
        reference=0.0,
        description=say("chart.rivals", champion=say.model(rows["champion_name"].iloc[0])),
    )


def fairness_tables(say: Language, fairness: pd.DataFrame) -> list[tuple[str, Table]]:
    """Return one table per way to divide people: how well each group is served."""
    tables = []
    judged = set(fairness["metric"]) if len(fairness) else set()
    measures = CLASS_FAIRNESS if "class_share_gap" in judged else FAIRNESS
    for dimension, rows in fairness.groupby("dimension") if len(fairness) else ():
        values = rows.pivot_table(index="group_name", columns="metric", values="value")
        values = values.reindex(columns=list(measures))
        table = text_table(
            say,
            ("group", *measures),
            [
                (
                    say.name("group", name),
                    *(write(x) for write, x in zip(measures.values(), row, strict=True)),
                )
                for name, row in zip(values.index, values.to_numpy(), strict=True)
            ],
        )
        if table:
            tables.append((say.feature(str(dimension)), table))
    return tables


def _points(say: Language, value: float, low: float, high: float) -> str:
    """Return a difference of shares in percentage points, with its 95 % interval."""
    if pd.isna(value):
        return words.UNKNOWN
    if pd.isna(low):
        return f"{100 * value:+.1f}"
    return say(
        "campaigns.points",
        value=f"{100 * value:+.1f}",
        low=f"{100 * low:+.1f}",
        high=f"{100 * high:+.1f}",
    )
