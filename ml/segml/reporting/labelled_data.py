"""What the report on labelled customers shows, as aggregates: no customer leaves the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.errors import WarehouseError
from segml.registry import find_version
from segml.reporting.data import read_evaluation
from segml.settings import LABELLED_CUSTOMERS

if TYPE_CHECKING:
    import pandas as pd

    from segml.registry import ModelVersion
    from segml.reporting.data import Evaluation
    from segml.warehouse import Warehouse


@dataclass(frozen=True, kw_only=True)
class LabelledData:
    """Everything behind one report on labelled customers.

    Parameters
    ----------
    version : ModelVersion
        The champion.
    tested, validated : Evaluation
        On the test part, and cross-validated on the training part.
    classes : DataFrame
        class_name, given_count and predicted_count, null below k customers; most given first.
    unscored_count : int
        Customers without a class or a prediction.
    """

    version: ModelVersion
    tested: Evaluation
    validated: Evaluation
    classes: pd.DataFrame
    unscored_count: int


def read_labelled_data(warehouse: Warehouse, k_anonymity: int) -> LabelledData:
    """Read the aggregates behind a report on labelled customers.

    Raises
    ------
    ArtifactError
        When no model has learned from them.
    WarehouseError
        When their mart has not been built.
    """
    if not warehouse.has_table("marketing", "labelled_customer_segments"):
        raise WarehouseError(
            f"{warehouse.path} has no mart marketing.labelled_customer_segments",
            "Run `dbt build` first",
        )
    version = find_version(warehouse, data_set=LABELLED_CUSTOMERS)
    return LabelledData(
        version=version,
        tested=read_evaluation(warehouse, version),
        validated=read_evaluation(warehouse, version, split="validation"),
        classes=warehouse.frame(
            """
            select
                segment as class_name,
                if(given >= $k, given, null) as given_count,
                if(predicted >= $k or predicted = 0, predicted, null) as predicted_count
            from (
                select
                    segment,
                    cast(count(*) filter (where segment_source = 'given') as double) as given,
                    cast(count(*) filter (where segment_source = 'predicted') as double)
                        as predicted
                from marketing.labelled_customer_segments
                where segment_source != 'unscored'
                group by segment
            )
            order by given desc, segment
            """,
            {"k": k_anonymity},
        ),
        unscored_count=warehouse.value(
            "select count(*) from marketing.labelled_customer_segments "
            "where segment_source = 'unscored'"
        ),
    )
