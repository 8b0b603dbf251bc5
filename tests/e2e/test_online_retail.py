"""Real input: UCI Online Retail, from the published file to predictions of its own future."""

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from tests.e2e.workspace import SHARED_DATA, Workspace

pytestmark = pytest.mark.slow

SOURCE_ROWS = 541_909
TRUTH = """
with outcome as (
    select customer_key, count(*) as order_count, sum(order_revenue) as revenue
    from intermediate.int_orders__completed
    where ordered_date >= date '2011-09-09' and ordered_date < date '2011-12-08'
    group by customer_key
),
refund as (
    select customer_key, sum(refund_amount) as amount
    from intermediate.int_refunds__by_order
    where ordered_date >= date '2011-09-09' and ordered_date < date '2011-12-08'
        and known_from < date '2011-12-08'
    group by customer_key
)
select probability_low, probability_mid, probability_high,
    coalesce(order_count, 0) > 0,
    cast(coalesce(revenue, 0) - coalesce(amount, 0) as double)
        >= (select max(high_value_threshold) from ml.model_versions)
from ml.segment_predictions
left join outcome using (customer_key)
left join refund using (customer_key)
order by customer_key
"""


@pytest.fixture(scope="module")
def retail(tmp_path_factory) -> Workspace:
    if not SHARED_DATA.exists():
        pytest.skip("the real data sets of ../shared/data are not on this machine")
    workspace = Workspace(tmp_path_factory.mktemp("retail"), "dev")
    loaded = workspace.segml(
        "load",
        "examples/online_retail.yml",
        "--data",
        str(SHARED_DATA / "online_retail.parquet"),
    )
    assert loaded.returncode == 0, loaded.stderr
    workspace.run_loop("--as-of", "2011-09-09", "--horizon-days", "90")
    return workspace


def test_every_source_row_is_kept_or_quarantined_with_a_reason(retail):
    outcomes = retail.query(
        "select outcome, row_count from quarantine.data_quality_summary "
        "where table_name in ('order_items', 'returns', 'loaded_files')"
    )
    assert sum(rows for _, rows in outcomes) == SOURCE_ROWS
    assert all(outcome for outcome, _ in outcomes)


def test_predictions_of_the_real_future_reach_the_published_comparison(retail):
    rows = np.array(retail.query(TRUTH), dtype=float)
    probabilities, bought = rows[:, :3], rows[:, 3].astype(bool)
    tier = np.where(bought & (rows[:, 4] > 0), 2, np.where(bought, 1, 0))
    assert log_loss(tier, probabilities, labels=[0, 1, 2]) <= 0.93
    assert 0.73 <= roc_auc_score(bought, 1 - probabilities[:, 0]) <= 0.80  # more would be a leak


def test_the_model_beats_both_baselines_on_its_own_test_snapshot(retail):
    losses = dict(
        retail.query(
            "select model_name, value from ml.evaluation_metrics "
            "where split = 'test' and metric = 'log_loss'"
        )
    )
    champion = retail.value("select model_name from ml.model_versions where status = 'champion'")
    assert losses[champion] < min(losses["prior"], losses["rfm_rule"])
