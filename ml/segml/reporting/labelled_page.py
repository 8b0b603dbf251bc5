"""The report on labelled customers as one HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segml import __version__
from segml.evaluation import defines_class
from segml.reporting import labelled_classes, model_charts, sections, tables, verdict, words
from segml.reporting.headlines import Headline
from segml.reporting.labelled_data import LabelledData, read_labelled_data
from segml.reporting.language import language
from segml.reporting.rendering import write_page
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segml.reporting.data import Evaluation
    from segml.reporting.language import Language
    from segml.reporting.verdict import Comparison


def write_labelled_report(
    warehouse_path: Path,
    report_path: Path,
    progress: Callable[[str], None],
    *,
    k_anonymity: int,
    language_code: str = "en",
) -> Path:
    """Write how well the champion for labelled customers knows their classes.

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
    ArtifactError
        When no model has learned from labelled customers.
    SettingsError
        When the file cannot be written, or there is no such language.
    WarehouseError
        When their mart has not been built.
    """
    say = language(language_code, k=k_anonymity)
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        data = read_labelled_data(warehouse, k_anonymity)
    context = labelled_context(say, data, k_anonymity)
    write_page("labelled.html.j2", context, report_path, progress)
    return report_path


def labelled_context(say: Language, data: LabelledData, k_anonymity: int) -> dict[str, Any]:
    """Return everything that the template lays out."""
    tested, validated = verdict.compare(data.tested), verdict.compare(data.validated)
    names = _class_names(data.validated)
    importance = data.tested.importance
    features = importance[importance["level"] == "feature"]
    return {
        "say": say,
        "segml_version": __version__,
        "version": data.version,
        "cards": _cards(say, data, tested, validated),
        "has_defining_column": validated is not None and _is_defined_by_a_column(validated),
        "unscored": words.count(data.unscored_count) if data.unscored_count else None,
        "class_chart": labelled_classes.class_chart(say, data.classes),
        "verdict": tested and verdict.verdict(say, tested),
        "results": [
            (say(f"labelled.{name}_part"), _metric_table(say, evaluation, comparison))
            for name, evaluation, comparison in (
                ("tested", data.tested, tested),
                ("validated", data.validated, validated),
            )
            if comparison is not None
        ],
        "folds": _folds(say, data.validated),
        "log_loss_chart": validated and model_charts.log_loss_chart(say, validated),
        "rival_chart": sections.rival_chart(say, data.tested.comparisons),
        "class_names": names,
        "class_table": labelled_classes.class_table(say, data.validated, names),
        "confusion": labelled_classes.confusion_rows(say, data.validated, names, k_anonymity),
        "calibration_chart": labelled_classes.calibration_chart(say, data.validated, names),
        "importance_chart": model_charts.importance_chart(say, features),
        "fairness": sections.fairness_tables(say, data.validated.fairness),
    }


def _class_names(evaluation: Evaluation) -> list[str]:
    """Return the classes in the order of the models."""
    prefix = "base_rate_"
    names = evaluation.metrics["metric"]
    return sorted(set(names[names.str.startswith(prefix)].str.removeprefix(prefix)))


def _is_defined_by_a_column(validated: Comparison) -> bool:
    """Tell whether the best rule on one column nearly names the class of everybody."""
    rule = validated.value("accuracy", "single_feature")
    largest = validated.value("accuracy", "prior")
    return defines_class(rule, largest)


def _cards(
    say: Language, data: LabelledData, tested: Comparison | None, validated: Comparison | None
) -> list[Headline]:
    """Return the numbers at the top of the page."""
    cards = []
    if validated is not None and tested is not None:
        learned = validated.value("example_count")
        judged = tested.value("example_count")
        cards.append(
            Headline(
                say("labelled.customers"),
                words.count(learned + judged),
                say("labelled.parts", train=words.count(learned), test=words.count(judged)),
            )
        )
    for part, evaluation in (("tested", data.tested), ("validated", data.validated)):
        metrics = evaluation.metrics[evaluation.metrics["metric"] == "accuracy"]
        served = metrics[metrics["model_name"] == data.version.model_name]
        cards += [
            Headline(
                say("labelled.accuracy", part=say(f"labelled.{part}")),
                words.share(row["value"]),
                say(
                    "labelled.interval",
                    low=words.share(row["ci_low"]),
                    high=words.share(row["ci_high"]),
                ),
            )
            for row in served.to_dict("records")
        ]
    return cards


def _metric_table(say: Language, evaluation: Evaluation, comparison: Comparison) -> dict[str, Any]:
    titles = {
        name: say(f"labelled.metric_{name}")
        for name in tables.metric_titles(say, evaluation.metrics)
    }
    return {
        "titles": titles,
        "rows": tables.metric_rows(say, evaluation.metrics, comparison),
    }


def _folds(say: Language, validated: Evaluation) -> str | None:
    """Say how far the folds of the cross-validation differ."""
    periods = validated.periods
    losses = periods[
        (periods["model_name"] == validated.version.model_name)
        & (periods["metric"] == "log_loss")
        & periods["split"].str.startswith("cv_fold_")
    ]["value"]
    if losses.empty or losses.isna().all():
        return None
    return say(
        "labelled.folds",
        count=len(losses),
        low=words.precise(losses.min()),
        high=words.precise(losses.max()),
    )
