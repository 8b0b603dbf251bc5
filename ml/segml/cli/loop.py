"""Commands over the whole loop: ``run``, ``report``, ``doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segml.cli.console import Steps, print_json, print_table
from segml.cli.options import (
    DEFAULT_PROJECT_DIR,
    AsOf,
    DataSet,
    HorizonDays,
    Json,
    Model,
    On,
    ProfilesDir,
    ProjectDir,
    Seed,
    Target,
    Vars,
    checked_day,
    project_from,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from segml.loop import LoopSummary

ReportPath = Annotated[Path | None, typer.Option("--out", help="Where to write the report.")]
ReportLanguage = Annotated[
    str | None, typer.Option("--lang", help="Language of the report: en or zh.")
]


def run(
    as_of: AsOf = None,
    horizon_days: HorizonDays = None,
    model: Model = None,
    seed: Seed = None,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    variables: Vars = None,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train even if data, settings and code are unchanged.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Do everything: build features, train, predict, build marts, write the report.

    Example: segml run --target dev --as-of 2025-06-30 --horizon-days 90
    """
    from segml.loop import run_loop
    from segml.settings import load_settings

    days = {"as_of_date": checked_day(as_of), "horizon_days": horizon_days}
    project = project_from(project_dir, profiles_dir, target, variables, **days)
    settings = load_settings(project.project_dir, model=model, seed=seed)
    summary = run_loop(project, settings, Steps(), retrain=retrain)
    print_json(summary) if as_json else _print_summary(summary)


def _print_summary(summary: LoopSummary) -> None:
    scoring = summary.scoring
    tiers = [
        [f"  value tier {tier}", f"{count:,} ({count / scoring.customer_count:.1%})"]
        for tier, count in scoring.tier_counts.items()
    ]
    losses = [
        [f"  test log loss {name}", f"{loss:.4f}"] for name, loss in summary.test_log_loss.items()
    ]
    print_table(
        f"As of {scoring.snapshot_date}, {summary.horizon_days} days ahead",
        ["", ""],
        [
            ["customers scored", f"{scoring.customer_count:,}"],
            *tiers,
            ["expected net revenue", f"{scoring.expected_net_revenue:,.0f}"],
            ["model", scoring.model_name],
            *losses,
            ["report", _short(summary.report_path)],
        ],
    )


def _short(path: str) -> str:
    """Return a path as seen from the current folder, where it lies below it."""
    below = Path(path).is_relative_to(Path.cwd())
    return str(Path(path).relative_to(Path.cwd())) if below else path


def report(
    on: On = DataSet.shop,
    out: ReportPath = None,
    lang: ReportLanguage = None,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    variables: Vars = None,
) -> None:
    """Write the HTML report of what the marts hold now.

    With --on labelled_customers, of their classes, beside the shop's as labelled_customers.html.

    Example: segml report --out reports/june.html
    """
    from segml.reporting import write_labelled_report, write_report
    from segml.settings import load_settings

    project = project_from(project_dir, profiles_dir, target, variables)
    settings = load_settings(
        project.project_dir, report_path=out and out.resolve(), report_language=lang
    )
    is_shop, path = on is DataSet.shop, settings.report_path
    write: Callable[..., object] = write_report if is_shop else write_labelled_report
    path = path if is_shop or out else path.with_name("labelled_customers.html")
    with Steps().step("Write report") as say:
        write(
            project.warehouse_path(),
            path,
            say,
            k_anonymity=int(project.variable("k_anonymity")),
            language_code=settings.report_language,
        )
    typer.echo(str(path))


def doctor(
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Check that everything segml needs is in place, and say how to mend what is not.

    Example: segml doctor
    """
    from segml.health import check_health

    checks = check_health(project_from(project_dir, profiles_dir, target))
    if as_json:
        print_json([vars(check) for check in checks])
    else:
        print_table(
            "Health",
            ["check", "status", "found", "how to mend"],
            [[check.name, check.status, check.found, check.fix] for check in checks],
        )
    if any(check.status == "problem" for check in checks):
        raise typer.Exit(1)
