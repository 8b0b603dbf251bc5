"""Who moved between segments, and how cohorts stay: a Sankey diagram and a heat map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup

from segml.dataset import TIERS
from segml.reporting import words
from segml.reporting.drawing import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILLION
from segml.reporting.plotting import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segml.reporting.language import Language

WIDTH, NODE = 400, 8  # user units
FLOW_HEIGHT, GAP, TOP = 330, 12, 24
ORDER = (
    "Entered", *reversed(TIERS), "Champions", "Loyal", "Potential Loyalist", "New Customers",
    "Recent", "Promising", "Need Attention", "Needs attention", "About To Sleep", "At Risk",
    "At risk", "Can't Lose Them", "Hibernating", "Lost", "Inactive", "Prospects", "Other", "Left",
)  # fmt: skip
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION)
SHOWN_COHORTS, SHOWN_MONTHS = 12, 12


def sankey(say: Language, migration: pd.DataFrame, segment_type: str) -> Markup | None:
    """Draw which customers went from which segment to which; None without any step."""
    cells = migration[migration["segment_type"] == segment_type] if len(migration) else migration
    if cells.empty:
        return None
    before = _nodes(cells.groupby("from_segment")["customer_count"].sum())
    after = _nodes(cells.groupby("to_segment")["customer_count"].sum())
    bottom = max(end for nodes in (before, after) for _, end in nodes.values())
    colours = {
        name: GREY if name in ("Entered", "Left", "Other") else COLOURS[at % len(COLOURS)]
        for at, name in enumerate(before)
    }
    stayed = cells.loc[cells["from_segment"] == cells["to_segment"], "customer_count"].sum()
    total = cells["customer_count"].sum()
    description = say(
        "chart.sankey",
        customers=words.count(total),
        stayed=words.count(stayed),
        share=words.share(stayed / total),
        first=say.day(cells["from_date"].iloc[0]),
        last=say.day(cells["to_date"].iloc[0]),
    )
    return Markup(
        '<div class="chart sankey"><svg role="img" aria-label="{}" viewBox="0 0 {} {:.0f}">'
        "{}{}{}{}{}</svg></div>"
    ).format(
        description,
        WIDTH,
        bottom + 8,
        text(0, 12, say.day(cells["from_date"].iloc[0]), "start"),
        text(WIDTH, 12, say.day(cells["to_date"].iloc[0]), "end"),
        _ribbons(cells, before, after, colours),
        _labels(say, cells, before, "from_segment"),
        _labels(say, cells, after, "to_segment"),
    )


def _nodes(counts: pd.Series) -> dict[str, tuple[float, float]]:
    """Return top and bottom of every node, in the order of their worth."""
    ranks = {name: rank for rank, name in enumerate(ORDER)}
    names = sorted(counts.index, key=lambda name: (ranks.get(name, len(ranks)), str(name)))
    place, nodes = float(TOP), {}
    for name in names:
        height = FLOW_HEIGHT * counts[name] / counts.sum()
        nodes[str(name)] = (place, place + height)
        place += height + GAP
    return nodes


def _ribbons(
    cells: pd.DataFrame,
    before: Mapping[str, tuple[float, float]],
    after: Mapping[str, tuple[float, float]],
    colours: Mapping[str, str],
) -> Markup:
    """Draw the flows, each node's in the order of the nodes on the other side."""
    scale = FLOW_HEIGHT / cells["customer_count"].sum()
    flows = {
        (row["from_segment"], row["to_segment"]): scale * row["customer_count"]
        for row in cells.to_dict("records")
    }
    starts = {name: top for name, (top, _) in before.items()}
    ends = {name: top for name, (top, _) in after.items()}
    middle = WIDTH / 2
    ribbons = []
    for origin in before:
        for target in after:
            width = flows.get((origin, target))
            if width is None:
                continue
            start, end = starts[origin] + width / 2, ends[target] + width / 2
            starts[origin] += width
            ends[target] += width
            ribbons.append(
                Markup(
                    '<path d="M{} {:.1f}C{} {:.1f} {} {:.1f} {} {:.1f}" fill="none" stroke="{}" '
                    'stroke-width="{:.2f}" stroke-opacity="{}"/>'
                ).format(
                    NODE,
                    start,
                    middle,
                    start,
                    middle,
                    end,
                    WIDTH - NODE,
                    end,
                    colours[origin],
                    width,
                    0.3 if origin == target else 0.6,
                )
            )
    return Markup("").join(ribbons)


def _labels(
    say: Language, cells: pd.DataFrame, nodes: Mapping[str, tuple[float, float]], side: str
) -> Markup:
    """Draw the nodes, and their names upon the flows, where there is room for any name."""
    counts = cells.groupby(side)["customer_count"].sum()
    is_left = side == "from_segment"
    edge, beside, anchor = (
        (0, NODE + 5, "start") if is_left else (WIDTH - NODE, WIDTH - NODE - 5, "end")
    )
    return Markup("").join(
        Markup('<rect x="{}" y="{:.1f}" width="{}" height="{:.1f}" fill="{}"/>{}').format(
            edge,
            top,
            NODE,
            bottom - top,
            INK,
            text(
                beside,
                (top + bottom) / 2 + 4,
                f"{say.segment(name)} {words.count(counts[name])}",
                anchor,
                INK,
            ),
        )
        for name, (top, bottom) in nodes.items()
    )


@dataclass(frozen=True)
class HeatCell:
    """A share, and how strongly its cell is tinted, from 0 to 1."""

    label: str
    strength: float


@dataclass(frozen=True)
class CohortRow:
    """Customers who first ordered in one month."""

    name: str
    customers: str
    cells: tuple[HeatCell, ...]


def cohort_rows(say: Language, cohorts: pd.DataFrame) -> tuple[CohortRow, ...]:
    """Return the newest cohorts with at least one month to look at, oldest first."""
    if cohorts.empty:
        return ()
    later = cohorts[cohorts["months_since_first_order"].between(1, SHOWN_MONTHS)]
    table = later.pivot_table(
        index=["cohort_month_start_date", "cohort_customer_count"],
        columns="months_since_first_order",
        values="retention_rate",
    ).tail(SHOWN_COHORTS)
    table = table.reindex(columns=range(1, SHOWN_MONTHS + 1))
    most = table.to_numpy(dtype=float, na_value=0.0).max(initial=0.0) or 1.0
    return tuple(
        CohortRow(
            say.short_month(pd.Timestamp(month)),
            words.count(customers),
            tuple(
                HeatCell("", 0.0)
                if pd.isna(rate)
                else HeatCell(words.whole_share(rate), float(rate / most))
                for rate in rates
            ),
        )
        for (month, customers), rates in zip(table.index, table.to_numpy(), strict=True)
    )
