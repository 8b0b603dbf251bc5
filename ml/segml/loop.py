"""The whole loop in one call: features, model, predictions, marts, report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from segml.learning import train_from_warehouse
from segml.models import BASELINES
from segml.reporting import write_report
from segml.scoring import score
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from segml.dbt import DbtProject
    from segml.learning import TrainedVersion
    from segml.scoring import ScoringSummary
    from segml.settings import Settings

DOWNSTREAM_OF_SEGML = "source:segml+"


class StepAnnouncer(Protocol):
    """Whoever shows progress to a person."""

    def step(self, title: str) -> AbstractContextManager[Callable[[str], None]]:
        """Announce a step; yield a function that takes progress messages."""


@dataclass(frozen=True, kw_only=True)
class LoopSummary:
    """What a run of the whole loop achieved."""

    scoring: ScoringSummary
    horizon_days: int
    decision: str
    test_log_loss: dict[str, float]
    report_path: str


def run_loop(
    project: DbtProject, settings: Settings, steps: StepAnnouncer, *, retrain: bool = False
) -> LoopSummary:
    """Build the feature mart, train, predict, build the marts on top, and write the report.

    Parameters
    ----------
    retrain : bool
        Whether to train again although data, settings and code are those of the champion.

    Raises
    ------
    SegmlError
        From the first step that fails; what earlier steps wrote is complete.
    """
    path = project.warehouse_path()
    with open_warehouse(path):
        pass  # a file that is in use is reported here, in one line, not by dbt
    with steps.step("Build features") as say:
        _build(project, say, exclude=(DOWNSTREAM_OF_SEGML,))
    with steps.step("Train") as say:
        trained = train_from_warehouse(
            path,
            settings,
            say,
            k_anonymity=int(project.variable("k_anonymity")),
            reuse=not retrain,
        )
    with steps.step("Predict") as say:
        scoring = score(path, settings, say)
    with steps.step("Build marts") as say:
        _build(project, say, select=(DOWNSTREAM_OF_SEGML,))
    with steps.step("Write report") as say:
        report = write_report(
            path,
            settings.report_path,
            say,
            k_anonymity=int(project.variable("k_anonymity")),
            language_code=settings.report_language,
        )
    return LoopSummary(
        scoring=scoring,
        horizon_days=trained.version.horizon_days,
        decision=trained.version.decision,
        test_log_loss=_test_log_loss(trained, scoring.model_name),
        report_path=str(report.path),
    )


def _build(
    project: DbtProject,
    say: Callable[[str], None],
    *,
    select: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
) -> None:
    counts = project.build(select=select, exclude=exclude, progress=say)
    say(f"{counts.get('model', 0)} models, {counts.get('test', 0)} data tests")


def _test_log_loss(trained: TrainedVersion, served: str) -> dict[str, float]:
    """Return log losses of the served kind of model and the baselines on the test, best first."""
    metrics = trained.metrics
    shown = metrics[
        (metrics["split"] == "test")
        & (metrics["metric"] == "log_loss")
        & metrics["model_name"].isin([*BASELINES, served])
    ].sort_values("value")
    return dict(zip(shown["model_name"], shown["value"].astype(float), strict=True))
