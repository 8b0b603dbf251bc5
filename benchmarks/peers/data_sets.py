"""From files to the same marts that ``segml train`` reads, for any data with a mapping file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas as pd

from segml.dataset import Examples
from segml.dbt import DbtProject, raw_schema_to_load
from segml.loading import load_files
from segml.loop import DOWNSTREAM_OF_SEGML
from segml.mart import SnapshotPlan, read_plan, read_training_examples
from segml.schemas import read_schema
from segml.settings import Settings
from segml.splits import Splits, split_examples
from segml.synthetic import ShopSettings, generate_shop
from segml.warehouse import Warehouse, open_warehouse

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
EXAMPLES = ROOT / "examples"
TARGET = "dev"
PUBLIC_KEY = "public key of the benchmarks: nobody here is to be hidden"

TRUTH_FILE = "truth/truth_snapshots.parquet"

ORDERS = """
select cast(customer_key as varchar) as customer_key, ordered_date,
    cast(sum(order_revenue) as double) as revenue
from intermediate.int_orders__completed
where ordered_date < $day and known_from < $day and coalesce(known_until >= $day, true)
group by all
order by all
"""
TRUTH = """
select cast(keys.customer_key as varchar) as customer_key, truth.*
from read_parquet($path) as truth
inner join vault.customer_keys as keys using (customer_id)
where cast(truth.snapshot_date as date) = $day
"""


@dataclass(frozen=True)
class DataSet:
    """A name, a mapping file, and where the data is; without data, a synthetic shop is written."""

    name: str
    mapping: Path
    data: Path | None = None
    horizon_days: int = 90
    customers: int = 3_000  # of the synthetic shop
    seed: int = 42  # of the synthetic shop: another seed, other customers of the same process

    @property
    def stem(self) -> str:
        """Of its files: a mart of one horizon or shop must not pass for that of another."""
        shop = f"-{self.customers}-customers-{self.seed}" if self.data is None else ""
        return f"{self.name}{shop}-{self.horizon_days}-days"


KNOWN = {
    "demo": DataSet("demo", EXAMPLES / "contract_files.yml"),
    "cdnow": DataSet("cdnow", EXAMPLES / "transaction_log.yml", SHARED / "cdnow.parquet"),
    "uci": DataSet("uci", EXAMPLES / "online_retail.yml", SHARED / "online_retail.parquet"),
}


@dataclass(frozen=True)
class Task:
    """Labelled snapshots, their use, and what peers without features need.

    Parameters
    ----------
    orders : DataFrame
        customer_key, ordered_date and revenue per customer and day, as known on the test day.
    truth : DataFrame or None
        What the hidden process says about the test snapshot, where there is one.
    high_value_threshold : float
        Net revenue in the horizon from which a customer counts as high value.
    """

    name: str
    examples: Examples
    plan: SnapshotPlan
    splits: Splits
    orders: pd.DataFrame
    truth: pd.DataFrame | None
    high_value_threshold: float

    @property
    def test(self) -> Examples:
        """Rows that judge."""
        return self.examples.take(self.splits.test)

    @property
    def development(self) -> Examples:
        """Rows that everybody may learn from."""
        return self.examples.take(self.splits.development)


def prepare(data_set: DataSet, folder: Path, settings: Settings) -> Task:
    """Load, build the feature mart unless it is there, and read it.

    The test snapshot lies one horizon before the end of the data; the others follow backwards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    warehouse_path = folder / f"{data_set.stem}.duckdb"
    os.environ |= {
        "SEGML_DB": str(warehouse_path),
        "SEGML_PSEUDONYM_KEY": PUBLIC_KEY,
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    data = data_set.data or _synthetic_shop(data_set, folder / f"{data_set.stem}-shop")
    if not warehouse_path.exists():
        _build(data_set, data, warehouse_path)
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        return _read(data_set, warehouse, data / TRUTH_FILE, settings)


def _synthetic_shop(data_set: DataSet, folder: Path) -> Path:
    if not folder.exists():
        settings = ShopSettings(
            customers=data_set.customers, horizon_days=data_set.horizon_days, seed=data_set.seed
        )
        generate_shop(settings, folder, file_format="parquet")
    return folder


def _build(data_set: DataSet, data: Path, warehouse_path: Path) -> None:
    project = DbtProject(
        project_dir=ROOT,
        target=TARGET,
        variables={"horizon_days": data_set.horizon_days, "snapshot_anchor_date": None},
    )
    draft = warehouse_path.with_suffix(".draft")
    load_files(
        data_set.mapping,
        data,
        project.warehouse_path(),
        raw_schema=raw_schema_to_load(project),
        progress=print,
    )
    try:
        project.build(exclude=(DOWNSTREAM_OF_SEGML,))
    except BaseException:
        warehouse_path.rename(draft)  # half a mart must not pass for a mart
        raise


def _read(data_set: DataSet, warehouse: Warehouse, truth_path: Path, settings: Settings) -> Task:
    plan = read_plan(warehouse)
    examples = read_training_examples(
        warehouse, read_schema(warehouse), maximum_examples=settings.max_training_examples
    )
    splits = split_examples(
        examples,
        plan.roles,
        horizon_days=plan.horizon_days,
        folds=settings.selection_folds,
        seed=settings.seed,
    )
    day = plan.as_of_date - timedelta(days=plan.horizon_days)
    assert str(splits.test_date) == day.isoformat()
    truth = None
    if data_set.data is None:
        truth = warehouse.frame(TRUTH, {"path": str(truth_path), "day": day})
        truth = truth.set_index("customer_key").loc[list(examples.customer_key[splits.test])]
    orders = warehouse.frame(ORDERS, {"day": day})
    threshold = warehouse.value("select high_value_threshold from features.value_tier_threshold")
    return Task(data_set.name, examples, plan, splits, orders, truth, threshold)
