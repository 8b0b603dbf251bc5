"""The feature mart equals an independent computation in pandas, on three shops."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.e2e.cleaning_oracle import CleanShop, clean_shop
from tests.e2e.feature_oracle import customer_features, customer_labels
from tests.e2e.raw_oracle import read_raw_tables
from tests.e2e.workspace import SHARED_DATA, Workspace

pytestmark = pytest.mark.slow

FEWEST_COMPARED_FEATURES = 140
RELATIVE_TOLERANCE = 1e-9
ROUNDING = 1e-12  # of sums that are zero
KEY_COLUMNS = ["customer_id", "snapshot_date"]
SNAPSHOTS = "snapshot_count: 3, snapshot_step_days: 60, horizon_days: 60"
LOADED_SHOPS = {
    "cdnow": ("transaction_log", "1998-04-01"),
    "online_retail": ("online_retail", "2011-09-09"),
}


@dataclass(frozen=True)
class Mart:
    """A built warehouse and the oracle's own view of its raw tables."""

    workspace: Workspace
    shop: CleanShop

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the mart with the shop's own customer ids as keys."""
        with duckdb.connect(str(self.workspace.warehouse), read_only=True) as connection:
            rows = connection.execute(
                f"select * exclude (customer_key) from {name} "
                "inner join vault.customer_keys using (customer_key)"
            ).df()
        return rows.astype({"snapshot_date": "datetime64[us]"}).copy()

    def snapshots(self, condition: str = "true") -> list[pd.Timestamp]:
        rows = self.workspace.query(
            f"select snapshot_date from features.snapshots where {condition} order by all"
        )
        return [pd.Timestamp(day) for (day,) in rows]

    def expected_features(self) -> pd.DataFrame:
        development_days = self.snapshots("snapshot_role in ('train', 'validation')")
        return customer_features(self.shop, self.snapshots(), development_days[-1])

    def expected_labels(self) -> pd.DataFrame:
        ends = self.workspace.query(
            "select snapshot_date, label_end_date from features.snapshots where is_labelled"
        )
        return customer_labels(
            self.shop,
            self.expected_features(),
            {pd.Timestamp(day): pd.Timestamp(end) for day, end in ends},
            self.snapshots("snapshot_role in ('train', 'validation')"),
        )


@pytest.fixture(scope="module", params=["demo", *LOADED_SHOPS])
def mart(request, tmp_path_factory) -> Mart:
    if request.param == "demo":
        workspace, prefix = request.getfixturevalue("demo"), "demo_shop.raw_"
    else:
        workspace, prefix = load_and_build(request.param, tmp_path_factory.mktemp("mart")), "raw."
    return Mart(workspace, clean_shop(read_raw_tables(workspace.warehouse, prefix)))


def load_and_build(name: str, folder) -> Workspace:
    if not SHARED_DATA.exists():
        pytest.skip("the real data sets of ../shared/data are not on this machine")
    mapping, as_of = LOADED_SHOPS[name]
    workspace = Workspace(folder, "dev")
    data = str(SHARED_DATA / f"{name}.parquet")
    loaded = workspace.segml("load", f"examples/{mapping}.yml", "--data", data)
    assert loaded.returncode == 0, loaded.stderr
    built = workspace.dbt(
        *("build", "--target", "dev", "--exclude-resource-type", "test", "unit_test"),
        *("--vars", f"{{as_of_date: {as_of}, {SNAPSHOTS}}}"),
    )
    assert built.returncode == 0, built.stdout[-3000:]
    return workspace


def disagreements(found: pd.DataFrame, expected: pd.DataFrame) -> dict[str, int]:
    """Return the number of rows that only one side has, and of differing values per column."""
    rows = found.merge(
        expected,
        how="outer",
        on=KEY_COLUMNS,
        suffixes=("", "_expected"),
        indicator="side",
        validate="one_to_one",
    )
    is_both = rows.side == "both"
    counts = {"rows": int((~is_both).sum())}
    for name in expected.columns.difference(KEY_COLUMNS):
        is_equal = _is_equal(rows.loc[is_both, name], rows.loc[is_both, f"{name}_expected"])
        counts[name] = int((~is_equal).sum())
    return {name: count for name, count in counts.items() if count}


def _is_equal(found: pd.Series, expected: pd.Series) -> pd.Series:
    both_null = found.isna() & expected.isna()
    if not pd.api.types.is_float_dtype(found):
        return (found == expected) | both_null
    difference = (found - expected.astype("float64")).abs()
    return (difference <= RELATIVE_TOLERANCE * found.abs() + ROUNDING) | both_null


def test_every_raw_row_has_the_outcome_that_the_rules_give(mart):
    found = mart.workspace.query("select * from quarantine.data_quality_summary")
    for table, outcomes in mart.shop.outcomes.items():
        assert {reason: rows for name, reason, rows in found if name == table} == outcomes


def test_every_feature_equals_the_independent_computation(mart):
    found, expected = mart.table("features.customer_features"), mart.expected_features()
    assert set(expected) <= set(found)
    assert len(expected.columns) >= FEWEST_COMPARED_FEATURES
    assert len(found) > 5_000
    assert disagreements(found, expected) == {}


def test_every_label_equals_the_independent_computation(mart):
    found, expected = mart.table("features.customer_labels"), mart.expected_labels()
    assert set(found.value_tier) == {"low", "mid", "high"}
    assert disagreements(found, expected) == {}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("net_revenue", 100 * (1 + 1e-8)),
        ("net_revenue", None),
        ("order_count", 3),
        ("rfm_segment", "Lost"),
        ("rfm_segment", None),
    ],
)
def test_the_comparison_notices_one_changed_value(column, value):
    expected = pd.DataFrame(
        {
            "customer_id": ["one", "two"],
            "snapshot_date": pd.Timestamp("2025-01-01"),
            "net_revenue": [100.0, np.nan],
            "order_count": [2, 2],
            "rfm_segment": ["Loyal", None],
        }
    )
    assert disagreements(expected, expected.astype({"order_count": "float64"})) == {}
    changed = expected.copy()
    changed.loc[0, column] = value
    assert disagreements(changed, expected) == {column: 1}
    assert disagreements(expected.head(1), expected) == {"rows": 1}
    assert disagreements(expected, expected.head(1)) == {"rows": 1}
