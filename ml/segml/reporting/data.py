"""What the report shows, read from the marts as aggregates: no customer leaves the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.errors import WarehouseError
from segml.registry import find_champion, list_versions
from segml.reporting.optional_data import read_optional_data

if TYPE_CHECKING:
    from datetime import date, datetime

    from segml.registry import ModelVersion
    from segml.reporting.optional_data import OptionalData
    from segml.warehouse import Warehouse

PROBABILITY_BANDS = 10


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """How old facts and predictions are.

    Parameters
    ----------
    first_order_date, last_order_date : date or None
        First and last day with a completed order; None without orders.
    scored_count : int
        Customers with a prediction.
    outdated_count : int
        Customers whose prediction is of another day than ``as_of_date``.
    prediction_date, model_version, scored_at
        Of the newest scoring; None before any.
    """

    as_of_date: date
    first_order_date: date | None
    last_order_date: date | None
    scored_count: int
    outdated_count: int
    prediction_date: date | None
    model_version: str | None
    scored_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The test of the model that made the predictions, or that would make them.

    Parameters
    ----------
    metrics : DataFrame
        model_name, snapshot_date, metric, value, ci_low, ci_high of the test snapshot.
    periods : DataFrame
        model_name, split, snapshot_date, metric and value of log loss and customers on every
        split, oldest first.
    curves : DataFrame
        model_name, curve, position, x, y, weight of the test snapshot.
    importance : DataFrame
        level (feature or group), feature, feature_group, importance_mean in nats, most important
        first.
    comparisons, fairness : DataFrame
        Rivals against the served model, and metrics of the served model by group of people.
    """

    version: ModelVersion
    metrics: pd.DataFrame
    periods: pd.DataFrame
    curves: pd.DataFrame
    importance: pd.DataFrame
    comparisons: pd.DataFrame
    fairness: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """Everything behind one report.

    Parameters
    ----------
    profiles : DataFrame
        Rows of ``marketing.segment_profiles``.
    probability_bands : DataFrame
        band (0 for 0-10 %, up to 9 for 90-100 %) and customer_count.
    monthly_revenue : DataFrame
        rfm_segment, month_start_date, net_revenue in currency.
    quality : DataFrame
        table_name, outcome, row_count; empty when the summary has not been built.
    evaluation : Evaluation or None
        None before any training.
    optional : OptionalData
        Marts that a warehouse may lack.
    """

    freshness: Freshness
    profiles: pd.DataFrame
    probability_bands: pd.DataFrame
    monthly_revenue: pd.DataFrame
    quality: pd.DataFrame
    evaluation: Evaluation | None
    optional: OptionalData


def read_report_data(warehouse: Warehouse, k_anonymity: int) -> ReportData:
    """Read the aggregates behind a report.

    Parameters
    ----------
    k_anonymity : int
        Groups of fewer customers are not shown.

    Raises
    ------
    WarehouseError
        When the marketing marts have not been built, or hold no customer.
    """
    for table in ("customer_segments", "segment_profiles", "segment_kpis"):
        if not warehouse.has_table("marketing", table):
            raise WarehouseError(
                f"{warehouse.path} has no mart marketing.{table}",
                "Run `dbt build` or `segml run` first",
            )
    freshness = _read_freshness(warehouse)
    return ReportData(
        freshness=freshness,
        profiles=warehouse.frame(
            "select * from marketing.segment_profiles order by segment_type, segment_name"
        ),
        probability_bands=_read_probability_bands(warehouse),
        monthly_revenue=warehouse.frame(
            "select rfm_segment, month_start_date, cast(net_revenue as double) as net_revenue "
            "from marketing.segment_kpis order by rfm_segment, month_start_date"
        ),
        quality=_read_quality(warehouse),
        evaluation=_read_evaluation(warehouse, freshness.model_version),
        optional=read_optional_data(warehouse, k_anonymity),
    )


def _read_freshness(warehouse: Warehouse) -> Freshness:
    row = warehouse.rows(
        """
        select
            max(as_of_date),
            min(first_order_date),
            max(last_order_date),
            count(purchase_probability),
            count(*) filter (
                where purchase_probability is not null and not is_prediction_current
            ),
            max(prediction_snapshot_date),
            arg_max(model_version, scored_at),
            max(scored_at)
        from marketing.customer_segments
        """
    )[0]
    if row[0] is None:
        raise WarehouseError(
            f"{warehouse.path} holds no customer",
            "Load orders with `segml load`, then run `dbt build`",
        )
    return Freshness(**dict(zip(Freshness.__dataclass_fields__, row, strict=True)))


def _read_probability_bands(warehouse: Warehouse) -> pd.DataFrame:
    return warehouse.frame(
        f"""
        select
            least({PROBABILITY_BANDS - 1},
                cast(floor(purchase_probability * {PROBABILITY_BANDS}) as integer)) as band,
            count(*) as customer_count
        from marketing.customer_segments
        where purchase_probability is not null
        group by band
        order by band
        """
    )


def _read_quality(warehouse: Warehouse) -> pd.DataFrame:
    if not warehouse.has_table("quarantine", "data_quality_summary"):
        return pd.DataFrame({"table_name": [], "outcome": [], "row_count": []})
    return warehouse.frame(
        "select table_name, outcome, row_count from quarantine.data_quality_summary "
        "order by table_name, row_count desc, outcome"
    )


def _read_evaluation(warehouse: Warehouse, model_version: str | None) -> Evaluation | None:
    """Read the test of the model behind the predictions, or else of the champion."""
    versions = list_versions(warehouse)
    version = next(
        (item for item in versions if item.model_version == model_version),
        find_champion(versions),
    )
    return None if version is None else read_evaluation(warehouse, version)


def read_evaluation(
    warehouse: Warehouse, version: ModelVersion, *, split: str = "test"
) -> Evaluation:
    """Read how good a version was on its test, or on another split.

    The comparisons with rivals are always of the test.
    """
    judged = [version.run_id, split]
    return Evaluation(
        version=version,
        metrics=warehouse.frame(
            "select model_name, snapshot_date, metric, value, ci_low, ci_high "
            "from ml.evaluation_metrics where run_id = ? and split = ? "
            "order by model_name, metric",
            judged,
        ),
        periods=warehouse.frame(
            "select model_name, split, snapshot_date, metric, value from ml.evaluation_metrics "
            "where run_id = ? and metric in ('log_loss', 'example_count') "
            "order by snapshot_date, split, model_name, metric",
            [version.run_id],
        ),
        curves=warehouse.frame(
            "select model_name, curve, position, x, y, weight "
            "from ml.evaluation_curves where run_id = ? and split = ? "
            "order by model_name, curve, position",
            judged,
        ),
        importance=warehouse.frame(
            "select level, feature, feature_group, importance_mean from ml.feature_importance "
            "where run_id = ? order by importance_mean desc, feature, feature_group",
            [version.run_id],
        ),
        comparisons=_read_rows(warehouse, "model_comparisons", version, "champion_name", "test"),
        fairness=_read_rows(warehouse, "fairness_metrics", version, "model_name", split),
    )


def _read_rows(
    warehouse: Warehouse, table: str, version: ModelVersion, of_model: str, split: str
) -> pd.DataFrame:
    """Read what an optional table holds of a model on a split."""
    if not warehouse.has_table("ml", table):
        return pd.DataFrame()
    return warehouse.frame(
        f"select * from ml.{table} where run_id = ? and split = ? and {of_model} = ? order by all",
        [version.run_id, split, version.model_name],
    )
