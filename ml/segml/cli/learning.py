"""Commands around a model: ``train``, ``evaluate``, ``predict``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from segml.cli.console import Steps, print_json, print_table
from segml.cli.options import (
    DEFAULT_PROJECT_DIR,
    Json,
    Model,
    ModelVersion,
    ProfilesDir,
    ProjectDir,
    Seed,
    Target,
    Tune,
    Vars,
    project_from,
)

if TYPE_CHECKING:
    import pandas as pd

    from segml.scoring import ScoringSummary

SHOWN_METRICS = {
    "log_loss": "log loss",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "roc_auc_purchase": "AUC buys",
    "roc_auc_high": "AUC high",
    "lift_10_high": "lift@10% high",
    "gini_revenue": "Gini revenue",
}


def train(
    model: Model = None,
    seed: Seed = None,
    tune: Tune = None,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    variables: Vars = None,
    as_json: Json = False,
) -> None:
    """Compare models on the feature mart, test them honestly and keep the best.

    Example: segml train --model auto --tune 20
    """
    from segml.learning import train_from_warehouse
    from segml.settings import load_settings

    project = project_from(project_dir, profiles_dir, target, variables)
    settings = load_settings(project.project_dir, model=model, seed=seed, tune_trials=tune)
    with Steps(details=not as_json).step("Train") as say:
        trained = train_from_warehouse(
            project.warehouse_path(),
            settings,
            say,
            k_anonymity=int(project.variable("k_anonymity")),
        )
    if as_json:
        metrics = trained.metrics.to_dict(orient="records")
        print_json(asdict(trained.version) | {"metrics": metrics})
    else:
        print_metrics(trained.metrics, trained.version.model_name)
        print_table("Registered", ["model version"], [[trained.version.model_version]])


def evaluate(
    model_version: ModelVersion = None,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    variables: Vars = None,
    as_json: Json = False,
) -> None:
    """Show how good the champion and its rivals were on a time they had not seen.

    Example: segml evaluate --json
    """
    from segml.registry import find_version, read_metrics
    from segml.warehouse import open_warehouse

    project = project_from(project_dir, profiles_dir, target, variables)
    with open_warehouse(project.warehouse_path(), read_only=True) as warehouse:
        version = find_version(warehouse, model_version)
        metrics = read_metrics(warehouse, version.run_id)
    if as_json:
        print_json(metrics.to_dict(orient="records"))
    else:
        print_metrics(metrics, version.model_name)


def predict(
    model_version: ModelVersion = None,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    variables: Vars = None,
    as_json: Json = False,
) -> None:
    """Score every eligible customer of the newest snapshot and write the table back.

    Example: segml predict && dbt build --select source:segml+
    """
    from segml.scoring import score
    from segml.settings import load_settings

    project = project_from(project_dir, profiles_dir, target, variables)
    settings = load_settings(project.project_dir)
    with Steps().step("Predict") as say:
        summary = score(project.warehouse_path(), settings, say, model_version=model_version)
    print_json(summary) if as_json else print_scoring(summary)


def print_scoring(summary: ScoringSummary) -> None:
    """Print customers per tier."""
    rows = [
        [tier, count, f"{count / summary.customer_count:.1%}"]
        for tier, count in summary.tier_counts.items()
    ]
    print_table(
        f"{summary.customer_count:,} customers scored as of {summary.snapshot_date} "
        f"by {summary.model_name}",
        ["value tier", "customers", "share"],
        rows,
    )


def print_metrics(metrics: pd.DataFrame, champion: str) -> None:
    """Print test metrics per model, best log loss first, the champion marked."""
    tested = metrics[metrics["split"] == "test"]
    table = tested.pivot_table(index="model_name", columns="metric", values="value", dropna=False)
    table = table.sort_values("log_loss")
    rows = [
        [f"{name} (champion)" if name == champion else name]
        + [float(table.loc[name, metric]) for metric in SHOWN_METRICS]
        for name in table.index
    ]
    day = tested["snapshot_date"].iloc[0]
    print_table(
        f"Test on the snapshot of {str(day)[:10]}, which chose nothing",
        ["model", *SHOWN_METRICS.values()],
        rows,
    )
