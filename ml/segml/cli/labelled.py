"""What ``train``, ``evaluate`` and ``predict`` do with labelled customers, and how they say it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from segml.cli.console import Steps, print_json, print_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from segml.labelled.scoring import CustomerAnswer, LabelledScoring
    from segml.registry import ModelVersion
    from segml.settings import Settings

SHOWN_METRICS = {"log_loss": "log loss", "accuracy": "accuracy", "macro_f1": "macro F1"}


def train(warehouse_path: Path, settings: Settings, *, k_anonymity: int, as_json: bool) -> None:
    """Train, and print how every model did; a class that one feature defines is warned of."""
    from segml.labelled.learning import train_on_labelled

    with Steps(details=not as_json).step("Train") as say:
        trained = train_on_labelled(warehouse_path, settings, say, k_anonymity=k_anonymity)
    if trained.warning:
        typer.echo(f"Warning: {trained.warning}.", err=True)
    if as_json:
        metrics = trained.metrics.to_dict(orient="records")
        print_json(asdict(trained.version) | {"warning": trained.warning, "metrics": metrics})
    else:
        print_metrics(trained.metrics, trained.version)
        print_registered(trained.version)


def predict(
    warehouse_path: Path,
    settings: Settings,
    values: str | None,
    model_version: str | None,
    *,
    as_json: bool,
) -> None:
    """Classify one customer given by values, or everybody in the table who has no class."""
    from segml.labelled.mart import parse_values
    from segml.labelled.scoring import predict_values, score_unlabelled

    if values is not None:
        answer = predict_values(
            warehouse_path, settings, parse_values(values), model_version=model_version
        )
        print_json(answer) if as_json else _print_answer(answer)
        return
    with Steps().step("Predict") as say:
        scoring = score_unlabelled(warehouse_path, settings, say, model_version=model_version)
    print_json(scoring) if as_json else _print_scoring(scoring)


def print_registered(version: ModelVersion) -> None:
    """Print what a run has stored, and whether it is served."""
    row = [version.model_version, version.status]
    print_table("Registered", ["model version", "status"], [row])


def print_metrics(metrics: pd.DataFrame, version: ModelVersion) -> None:
    """Print cross-validated and test metrics per model with their intervals, best first."""
    validation = metrics[(metrics["split"] == "validation") & (metrics["metric"] == "log_loss")]
    names = [str(name) for name in validation.sort_values("value")["model_name"]]
    cells: dict[Any, Any] = {
        (row.split, row.model_name, row.metric): row for row in metrics.itertuples(index=False)
    }
    for split, title in (
        ("validation", "Cross-validated on the training part"),
        ("test", "Test on the part that chose nothing"),
    ):
        count = int(cells[split, names[0], "example_count"].value)
        print_table(
            f"{title}: {count:,} customers, with 95 % intervals",
            ["model", *SHOWN_METRICS.values()],
            [
                [f"{name} ({version.status})" if name == version.model_name else name]
                + [_with_interval(cells[split, name, metric]) for metric in SHOWN_METRICS]
                for name in names
            ],
        )


def _with_interval(row: Any) -> str:  # noqa: ANN401  (a row of metrics)
    return f"{row.value:.3f} ({row.ci_low:.3f} to {row.ci_high:.3f})"


def _print_answer(answer: CustomerAnswer) -> None:
    print_table(
        f"Class: {answer.predicted_class}",
        ["class", "probability"],
        sorted(answer.class_probabilities.items(), key=lambda item: -item[1]),
    )
    for title, lines in (("Reasons", answer.reasons), ("Notes", answer.notes)):
        if lines:
            print_table(title, [""], [[line] for line in lines])


def _print_scoring(scoring: LabelledScoring) -> None:
    rows = [
        [name, count, f"{count / scoring.customer_count:.1%}"]
        for name, count in scoring.class_counts.items()
    ]
    print_table(
        f"{scoring.customer_count:,} customers without a class scored by {scoring.model_name}",
        ["class", "customers", "share"],
        rows,
    )
