"""How good a scoring of a past date was, judged by what happened afterwards.

After ``segml run --as-of DATE`` the staging tables still hold the orders after DATE; no feature,
bin, tier threshold or model has seen them. This script computes the true outcome of every scored
customer from them and compares.

    python benchmarks/realised.py WAREHOUSE.duckdb
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score, log_loss, roc_auc_score

from segml.dataset import TIERS
from segml.warehouse import open_warehouse

OUTCOMES = """
with scoring as (
    select scorings.scoring_id, scorings.snapshot_date,
        scorings.snapshot_date + versions.horizon_days as label_end_date,
        versions.high_value_threshold
    from ml.scorings as scorings
    inner join ml.model_versions as versions using (model_version)
    order by scored_at desc limit 1
),
orders as (
    select orders.customer_key, count(*) as order_count, sum(orders.order_revenue) as revenue
    from intermediate.int_orders__completed as orders, scoring
    where orders.ordered_date >= scoring.snapshot_date
        and orders.ordered_date < scoring.label_end_date
        and orders.known_from < scoring.label_end_date
        and coalesce(orders.known_until >= scoring.label_end_date, true)
    group by all
),
refunds as (
    select refunds.customer_key, sum(refunds.refund_amount) as refund_amount
    from intermediate.int_refunds__by_order as refunds, scoring
    where refunds.ordered_date >= scoring.snapshot_date
        and refunds.ordered_date < scoring.label_end_date
        and refunds.known_from < scoring.label_end_date
    group by all
)
select
    predictions.probability_low, predictions.probability_mid, predictions.probability_high,
    predictions.expected_net_revenue,
    coalesce(orders.order_count, 0) as order_count,
    cast(coalesce(orders.revenue, 0) - coalesce(refunds.refund_amount, 0) as double) as revenue,
    scoring.high_value_threshold
from ml.segment_predictions as predictions
inner join scoring using (scoring_id)
left join orders using (customer_key)
left join refunds using (customer_key)
order by customer_key
"""


def main(warehouse_path: Path) -> None:
    """Print the realised quality of the newest scoring."""
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        rows = warehouse.frame(OUTCOMES)
    bought = rows["order_count"].to_numpy() > 0
    is_high = bought & (rows["revenue"].to_numpy() >= rows["high_value_threshold"].to_numpy())
    tier = np.where(is_high, 2, np.where(bought, 1, 0))
    probabilities = rows[[f"probability_{name}" for name in TIERS]].to_numpy()
    print(f"customers          {len(rows):,}")
    print(f"share that bought  {bought.mean():.3f}, predicted {1 - probabilities[:, 0].mean():.3f}")
    print(f"log loss           {log_loss(tier, probabilities, labels=[0, 1, 2]):.4f}")
    print(f"AUC buys           {roc_auc_score(bought, 1 - probabilities[:, 0]):.4f}")
    print(f"AUC high           {roc_auc_score(is_high, probabilities[:, 2]):.4f}")
    print(f"accuracy           {(probabilities.argmax(axis=1) == tier).mean():.4f}")
    print(f"macro F1           {f1_score(tier, probabilities.argmax(axis=1), average='macro'):.4f}")
    expected = rows["expected_net_revenue"].sum()
    print(f"revenue            {rows['revenue'].sum():,.0f}, expected {expected:,.0f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
