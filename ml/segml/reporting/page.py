"""From marts to one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segml import __version__
from segml.reporting import (
    charts,
    headlines,
    merchandise,
    model_charts,
    movement,
    periods,
    quality,
    sections,
    tables,
    verdict,
    words,
)
from segml.reporting.data import ReportData, read_report_data
from segml.reporting.language import language
from segml.reporting.rendering import write_page
from segml.reporting.segments import arrange_segments
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segml.reporting.data import Evaluation
    from segml.reporting.language import Language
    from segml.reporting.verdict import Comparison


@dataclass(frozen=True, kw_only=True)
class ReportSummary:
    """What was written.

    Parameters
    ----------
    shows_predictions, shows_evaluation : bool
        Whether there were predictions, and a tested model, to show.
    """

    path: Path
    size_bytes: int
    shows_predictions: bool
    shows_evaluation: bool


def write_report(
    warehouse_path: Path,
    report_path: Path,
    progress: Callable[[str], None],
    *,
    k_anonymity: int,
    language_code: str = "en",
) -> ReportSummary:
    """Write what the marts hold now as one self-contained HTML file.

    The same data gives the same bytes. The file is complete or not there: a kill leaves an
    earlier report as it was.

    Parameters
    ----------
    progress : callable
        Receives one line per step.
    k_anonymity : int
        Groups of fewer customers are not shown.
    language_code : str
        en or zh.

    Raises
    ------
    WarehouseError
        When the marts have not been built.
    SettingsError
        When the file cannot be written, or there is no such language.
    """
    say = language(language_code, k=k_anonymity)
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        data = read_report_data(warehouse, k_anonymity)
    progress("drawing")
    context = page_context(say, data)
    return ReportSummary(
        path=report_path,
        size_bytes=write_page("report.html.j2", context, report_path, progress),
        shows_predictions=context["segments"].is_scored,
        shows_evaluation=context["model"] is not None,
    )


def page_context(say: Language, data: ReportData) -> dict[str, Any]:
    """Return everything that the template lays out."""
    segments = arrange_segments(data.profiles)
    evaluation, optional = data.evaluation, data.optional
    comparison = verdict.compare(evaluation) if evaluation else None
    version = evaluation.version if evaluation else None
    horizon = (
        headlines.Horizon(version.horizon_days, version.high_value_threshold) if version else None
    )
    bands = data.probability_bands if segments.is_describable else data.probability_bands.iloc[:0]
    return {
        "say": say,
        "words": words,
        "segml_version": __version__,
        "freshness": data.freshness,
        "segments": segments,
        "horizon": horizon,
        "version": version,
        "cards": headlines.cards(say, segments, data.freshness, horizon),
        "findings": headlines.findings(say, segments, horizon, comparison, data.quality),
        "segment_chart": charts.segment_chart(say, segments),
        "tier_chart": charts.tier_chart(say, segments),
        "outlook_chart": charts.outlook_chart(say, segments, horizon.days) if horizon else None,
        "probability_chart": charts.probability_chart(say, bands),
        "revenue_charts": charts.revenue_charts(
            say, data.monthly_revenue, segments, data.freshness.as_of_date
        ),
        "profile_cards": sections.profile_cards(say, segments),
        "profiles": tables.profile_table(say, segments),
        "segment_flows": movement.sankey(say, optional.migration, "rfm_segment"),
        "tier_flows": movement.sankey(say, optional.migration, "value_tier"),
        "cohorts": movement.cohort_rows(say, optional.cohorts),
        "cohort_months": range(1, movement.SHOWN_MONTHS + 1),
        "audiences": sections.audience_table(say, optional.audiences),
        "first_campaign": None
        if optional.audiences.empty
        else optional.audiences["campaign_id"][0],
        "results": sections.result_table(say, optional.results),
        "products": merchandise.product_table(say, optional.recommended),
        "recommendation_quality": merchandise.quality_table(
            say, optional.recommendation_quality, merchandise.RECOMMENDATION_METRICS
        ),
        "demand": merchandise.demand_table(say, optional.demand),
        "stock": None if optional.stock.empty else optional.stock.iloc[0],
        "demand_quality": merchandise.quality_table(
            say, optional.demand_quality, merchandise.DEMAND_METRICS
        ),
        "changes": sections.change_table(say, optional.scorings),
        "moved": None if optional.moved.empty else optional.moved.iloc[0],
        "model": _model_context(say, evaluation, comparison),
        "quality_rows": quality.quality_rows(say, data.quality),
        "rejection_chart": quality.rejection_chart(say, data.quality),
    }


def _model_context(
    say: Language, evaluation: Evaluation | None, comparison: Comparison | None
) -> dict[str, Any] | None:
    if evaluation is None or comparison is None:
        return None
    curves, importance = evaluation.curves, evaluation.importance
    return {
        "comparison": comparison,
        "example_count": words.count(comparison.value("example_count")),
        "verdict": verdict.verdict(say, comparison),
        "sentences": verdict.verdict_sentences(say, comparison, curves),
        "periods": periods.judged_periods(say, evaluation.periods, comparison),
        "metric_titles": tables.metric_titles(say, evaluation.metrics),
        "metric_rows": tables.metric_rows(say, evaluation.metrics, comparison),
        "log_loss_chart": model_charts.log_loss_chart(say, comparison),
        "rival_chart": sections.rival_chart(say, evaluation.comparisons),
        "calibration_chart": model_charts.calibration_chart(say, curves, comparison),
        "profit_chart": model_charts.profit_chart(say, curves, comparison),
        **{
            f"{kind}_{event}_chart": draw(say, curves, comparison, event)
            for kind, draw in (
                ("gains", model_charts.gains_chart),
                ("lift", model_charts.lift_chart),
            )
            for event in ("purchase", "high")
        },
        "importance_chart": model_charts.importance_chart(
            say, importance[importance["level"] == "feature"]
        ),
        "group_chart": model_charts.group_chart(say, importance[importance["level"] == "group"]),
        "fairness": sections.fairness_tables(say, evaluation.fairness),
    }
