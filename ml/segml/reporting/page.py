"""From marts to one HTML file."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from segml import __version__
from segml.errors import SettingsError
from segml.reporting import charts, headlines, model_charts, quality, tables, verdict, words
from segml.reporting.data import ReportData, read_report_data
from segml.reporting.revenue_chart import revenue_charts
from segml.reporting.segments import arrange_segments
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segml.reporting.data import Evaluation
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
    warehouse_path: Path, report_path: Path, progress: Callable[[str], None]
) -> ReportSummary:
    """Write what the marts hold now as one self-contained HTML file.

    The same data gives the same bytes. The file is complete or not there: a kill leaves an
    earlier report as it was.

    Parameters
    ----------
    progress : callable
        Receives one line per step.

    Raises
    ------
    WarehouseError
        When the marts have not been built.
    SettingsError
        When the file cannot be written.
    """
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        data = read_report_data(warehouse)
    progress("drawing")
    context = page_context(data)
    content = _template().render(context).encode()
    _replace_file(report_path, content)
    progress(f"{report_path} ({len(content) / 1024:,.0f} KiB)")
    return ReportSummary(
        path=report_path,
        size_bytes=len(content),
        shows_predictions=context["segments"].is_scored,
        shows_evaluation=context["model"] is not None,
    )


def page_context(data: ReportData) -> dict[str, Any]:
    """Return everything that the template lays out."""
    segments = arrange_segments(data.profiles)
    comparison = verdict.compare(data.evaluation) if data.evaluation else None
    version = data.evaluation.version if data.evaluation else None
    horizon = (
        headlines.Horizon(version.horizon_days, version.high_value_threshold) if version else None
    )
    bands = data.probability_bands if segments.is_describable else data.probability_bands.iloc[:0]
    return {
        "words": words,
        "segml_version": __version__,
        "freshness": data.freshness,
        "segments": segments,
        "horizon": horizon,
        "version": version,
        "cards": headlines.cards(segments, data.freshness, horizon),
        "findings": headlines.findings(segments, horizon, comparison, data.quality),
        "segment_chart": charts.segment_chart(segments),
        "tier_chart": charts.tier_chart(segments),
        "outlook_chart": charts.outlook_chart(segments, horizon.days) if horizon else None,
        "probability_chart": charts.probability_chart(bands),
        "revenue_charts": revenue_charts(data.monthly_revenue, segments, data.freshness.as_of_date),
        "profiles": tables.profile_table(segments),
        "model": _model_context(data.evaluation, comparison),
        "quality_rows": quality.quality_rows(data.quality),
        "rejection_chart": quality.rejection_chart(data.quality),
    }


def _model_context(
    evaluation: Evaluation | None, comparison: Comparison | None
) -> dict[str, Any] | None:
    if evaluation is None or comparison is None:
        return None
    curves = evaluation.curves
    sentences = [
        verdict.network_verdict(comparison),
        verdict.targeting_verdict(curves, comparison),
        verdict.calibration_verdict(comparison),
        verdict.forecast_verdict(comparison),
    ]
    return {
        "comparison": comparison,
        "example_count": words.count(comparison.value("example_count")),
        "verdict": verdict.verdict(comparison),
        "sentences": [sentence for sentence in sentences if sentence],
        "metric_titles": tables.metric_titles(evaluation.metrics),
        "metric_rows": tables.metric_rows(evaluation.metrics, comparison),
        "log_loss_chart": model_charts.log_loss_chart(comparison),
        "calibration_chart": model_charts.calibration_chart(curves, comparison),
        "gains_purchase_chart": model_charts.gains_chart(curves, comparison, "purchase"),
        "gains_high_chart": model_charts.gains_chart(curves, comparison, "high"),
        "importance_chart": model_charts.importance_chart(evaluation.importance),
    }


def _template() -> Any:  # noqa: ANN401
    loader = PackageLoader("segml.reporting")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, _, _ = loader.get_source(environment, "report.css")
    environment.globals["style"] = Markup(style)
    return environment.get_template("report.html.j2")


def _replace_file(path: Path, content: bytes) -> None:
    """Write beside the target, then rename."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise SettingsError(
            f"The report cannot be written to {path}: {error.strerror}",
            "Choose another `report_path`",
        ) from None
    finally:
        with suppress(OSError):
            draft.unlink()
