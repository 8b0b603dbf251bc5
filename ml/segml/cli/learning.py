"""Commands around a model: ``train``, ``evaluate``, ``predict``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from segml.cli import labelled
from segml.cli.console import Steps, print_json, print_table
from segml.cli.options import (
    DEFAULT_PROJECT_DIR,
    DataSet,
    Json,
    Model,
    ModelVersion,
    On,
    ProfilesDir,
    ProjectDir,
    Seed,
    Target,
    Tune,
    Values,
    Vars,
    project_from,
)

if TYPE_CHECKING:
    import pandas as pd

    from segml.registry import ModelVersion as Version
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
    on: On = DataSet.shop,
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
    path, k_anonymity = project.warehouse_path(), int(project.variable("k_anonymity"))
    if on is DataSet.labelled_customers:
        labelled.train(path, settings, k_anonymity=k_anonymity, as_json=as_json)
        return
    with Steps(details=not as_json).step("Train") as say:
        trained = train_from_warehouse(path, settings, say, k_anonymity=k_anonymity)
    if as_json:
        metrics = trained.metrics.to_dict(orient="records")
        print_json(asdict(trained.version) | {"metrics": metrics})
    else:
        print_metrics(trained.metrics, trained.version)
        labelled.print_registered(trained.version)


def evaluate(
    on: On = DataSet.shop,
    model_version: ModelVersion = None,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    variables: Vars = None,
    as_json: Json = False,
) -> None:
    """Show how good the champion and its rivals were on a time they had not seen, and for whom.

    Example: segml evaluate --json
    """
    from segml.cli.judgement import print_comparisons, print_fairness, print_profit
    from segml.registry import find_version, read_run
    from segml.warehouse import open_warehouse

    project = project_from(project_dir, profiles_dir, target, variables)
    with open_warehouse(project.warehouse_path(), read_only=True) as warehouse:
        # a name says which data set it is of
        version = find_version(warehouse, model_version, data_set=None if model_version else on)
        run = read_run(warehouse, version.run_id)
    if as_json:
        tables = {name: table.to_dict(orient="records") for name, table in vars(run).items()}
        print_json({"model_version": version.model_version} | tables)
    else:
        print_metrics(run.metrics, version)
        print_comparisons(run.comparisons)
        print_profit(run.metrics, run.curves, version.model_name)
        print_fairness(run.fairness, version.model_name)


def predict(
    on: On = DataSet.shop,
    values: Values = None,
    model_version: ModelVersion = None,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    variables: Vars = None,
    as_json: Json = False,
) -> None:
    """Score every eligible customer of the newest snapshot and write the table back.

    With --on labelled_customers, score those without a class; with --values, answer for one
    customer and write nothing.

    Example: segml predict && dbt build --select source:segml+
    """
    from segml.scoring import score
    from segml.settings import load_settings

    project = project_from(project_dir, profiles_dir, target, variables)
    settings = load_settings(project.project_dir)
    if on is DataSet.labelled_customers or values:
        path = project.warehouse_path()
        labelled.predict(path, settings, values, model_version, as_json=as_json)
        return
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


def print_metrics(metrics: pd.DataFrame, version: Version) -> None:
    """Print test metrics per model, best log loss first, the registered version marked."""
    if version.data_set == DataSet.labelled_customers:
        labelled.print_metrics(metrics, version)
        return
    tested = metrics[metrics["split"] == "test"]
    table = tested.pivot_table(index="model_name", columns="metric", values="value", dropna=False)
    table = table.sort_values("log_loss")
    rows = [
        [f"{name} ({version.status})" if name == version.model_name else name]
        + [float(table.loc[name, metric]) for metric in SHOWN_METRICS]
        for name in table.index
    ]
    day = tested["snapshot_date"].iloc[0]
    print_table(
        f"Test on the snapshot of {str(day)[:10]}, whose outcomes no model has seen",
        ["model", *SHOWN_METRICS.values()],
        rows,
    )
