"""What ``segml evaluate`` shows beside the metrics: rivals, profit and groups of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segml.cli.console import print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

COMPARED = {"log_loss": "log loss", "roc_auc_purchase": "AUC buys", "gini_revenue": "Gini revenue"}
GROUP_METRICS = {
    "customer_count": "customers",
    "base_rate_purchase": "bought",
    "mean_probability_purchase": "predicted",
    "roc_auc_purchase": "AUC",
    "ece_purchase": "calibration gap",
    "selection_rate": "in top 20 %",
    "true_positive_rate": "buyers in top 20 %",
}
CONTACT_RULES = {
    "everybody": (None, "contact_all_profit_per_customer"),
    "whoever is expected to pay": (
        "break_even_contact_share",
        "break_even_profit_per_customer",
    ),
    "best share in hindsight": ("best_contact_share", "best_profit_per_customer"),
}


def print_comparisons(comparisons: pd.DataFrame) -> None:
    """Print each rival's metrics less those of the served kind of model, with 95 % intervals."""
    if comparisons.empty:
        return
    rows = []
    for name, rival in comparisons.groupby("challenger_name"):
        gaps: Mapping[Any, Any] = rival.set_index("metric").to_dict(orient="index")
        shown = [_interval(gaps.get(metric), "difference", 4) for metric in COMPARED]
        rows.append([str(name), *shown, f"{gaps['log_loss']['p_better']:.0%}"])
    champion = comparisons["champion_name"].iloc[0]
    print_table(
        f"Rivals less {champion}, on the same resamples",
        ["rival", *COMPARED.values(), "better in"],
        rows,
    )


def print_profit(metrics: pd.DataFrame, curves: pd.DataFrame, model_name: str) -> None:
    """Print what contacts would have earned, and the tenths of customers behind it."""
    tested = metrics[(metrics["split"] == "test") & (metrics["model_name"] == model_name)]
    of: Mapping[Any, Any] = tested.set_index("metric").to_dict(orient="index")
    if "best_contact_share" not in of:
        return
    rows = [
        [rule, f"{of[share]['value'] if share else 1:.0%}", _interval(of[profit], "value", 2)]
        for rule, (share, profit) in CONTACT_RULES.items()
    ]
    print_table(
        "Profit per customer, as the settings assume costs and effect of a contact",
        ["who is contacted", "share", "currency (95 %)"],
        rows,
    )
    print_deciles(curves[(curves["split"] == "test") & (curves["model_name"] == model_name)])


def print_deciles(curves: pd.DataFrame) -> None:
    """Print predicted and observed averages of each tenth of customers, from the top."""
    names = {"deciles_purchase": "buys", "deciles_high": "high", "deciles_revenue": "revenue"}
    points = [curves[curves["curve"] == curve].sort_values("position") for curve in names]
    pairs = [column for table in points for column in (table["x"], table["y"])]
    rows = [[tenth, *row] for tenth, row in enumerate(zip(*pairs, strict=True), start=1)]
    columns = [f"{side} {name}" for name in names.values() for side in ("predicted", "actual")]
    print_table("Tenths of customers, each ranked by its own prediction", ["tenth", *columns], rows)


def print_fairness(fairness: pd.DataFrame, model_name: str) -> None:
    """Print how well each group of people is served."""
    measured = fairness[fairness["model_name"] == model_name] if len(fairness) else fairness
    if measured.empty:
        return
    rows = []
    for (dimension, name), group in measured.groupby(["dimension", "group_name"]):
        values = group.set_index("metric")["value"].reindex(list(GROUP_METRICS)).tolist()
        rows.append([dimension, name, int(values[0]), *values[1:]])
    print_table(
        "Groups of people on the test snapshot",
        ["divided by", "group", *GROUP_METRICS.values()],
        rows,
    )


def _interval(row: Mapping[Any, Any] | None, estimate: str, places: int) -> str:
    """Return an estimate with its 95 % interval."""
    if row is None:
        return "-"
    value, low, high = (f"{row[name]:+,.{places}f}" for name in (estimate, "ci_low", "ci_high"))
    return f"{value} ({low} to {high})"
