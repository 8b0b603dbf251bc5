"""Whether the test was one lucky period: the served model on every period it was judged on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.reporting import words
from segml.reporting.tables import Table, text_table

if TYPE_CHECKING:
    from segml.reporting.language import Language
    from segml.reporting.verdict import Comparison

FEWEST = 2  # one period says nothing about the others


@dataclass(frozen=True)
class Periods:
    """A sentence and the table behind it."""

    summary: str
    table: Table


def judged_periods(say: Language, periods: pd.DataFrame, comparison: Comparison) -> Periods | None:
    """Return log losses of the served model and of the best baseline of each period.

    Parameters
    ----------
    periods : DataFrame
        model_name, split, snapshot_date, metric and value, oldest first.

    Returns
    -------
    Periods or None
        None with one period only, or where a baseline is served or none was judged.
    """
    period = ["snapshot_date", "split"]
    losses = periods[periods["metric"] == "log_loss"].pivot_table(
        index=period, columns="model_name", values="value"
    )
    champion, baselines = comparison.champion, comparison.baselines
    judged = pd.DataFrame(
        {"ours": losses[champion], "theirs": losses[baselines].min(axis=1)}
    ).dropna()
    if len(judged) < FEWEST or champion in baselines:
        return None
    ours, theirs = judged["ours"], judged["theirs"]
    counts = periods[periods["metric"] == "example_count"].groupby(period)["value"].max()
    rows = [
        (
            say.day(day),
            say.name("split", str(split).partition("_fold_")[0]),
            words.count(counts.get((day, split))),
            words.precise(ours[day, split]),
            words.precise(theirs[day, split]),
            f"{theirs[day, split] - ours[day, split]:+.3f}",
        )
        for day, split in judged.index
    ]
    columns = ("period", "use", "customers", "served_loss", "baseline_loss", "lead")
    table = text_table(say, columns, rows)
    summary = say(
        "model.periods_summary",
        model=say.model(champion),
        wins=int((ours < theirs).sum()),
        count=len(judged),
        low=words.precise(ours.min()),
        high=words.precise(ours.max()),
    )
    return None if table is None else Periods(summary, table)
