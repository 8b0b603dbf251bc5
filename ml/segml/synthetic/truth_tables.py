"""The hidden truth of a chunk as tables, for tests and benchmarks only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from segml.synthetic.activity import active_probability
from segml.synthetic.assortment import CATEGORIES
from segml.synthetic.baskets import CANCELLED_SHARE
from segml.synthetic.tables import customer_ids, dates, table, words
from segml.synthetic.truth import snapshot_truth
from segml.synthetic.valuation import expected_order

if TYPE_CHECKING:
    from segml.synthetic.settings import ShopSettings
    from segml.synthetic.simulation import Simulation

MONTH_DAYS = 30


def customers_truth(simulation: Simulation, settings: ShopSettings) -> pa.Table:
    """Return the hidden traits, one row per customer."""
    traits, start = simulation.traits, settings.start_date
    value, _ = expected_order(traits, simulation.catalogue)
    monthly_orders = MONTH_DAYS * traits.purchase_rate * (1 - CANCELLED_SHARE)
    has_churned = traits.drop_out_day < settings.days
    main_category = traits.taste.argmax(axis=1)
    return table(
        "truth_customers",
        customer_id=customer_ids(simulation.first_customer + np.arange(len(traits))),
        purchases_per_30_days=MONTH_DAYS * traits.purchase_rate,
        drop_outs_per_30_days=MONTH_DAYS * traits.drop_out_rate,
        drop_out_date=dates(traits.drop_out_day, start),
        has_churned=has_churned,
        expected_order_value=value,
        expected_revenue_per_30_days=monthly_orders * value,
        main_category=words(tuple(item.name for item in CATEGORIES), main_category),
        main_category_share=traits.taste.max(axis=1),
        satisfaction=traits.satisfaction,
        deal_share=traits.deal_share,
        is_tracked=traits.is_tracked,
        is_wholesale=traits.is_wholesale,
        is_bot=traits.is_bot,
    )


def snapshots_truth(simulation: Simulation, settings: ShopSettings) -> pa.Table:
    """Return oracle and outcome, one row per customer and snapshot."""
    parts = []
    for day, active in active_probability(simulation, settings.snapshot_days).items():
        truth = snapshot_truth(simulation, active, day, settings.horizon_days)
        count = len(truth.customer)
        snapshot_date = settings.start_date + timedelta(days=day)
        parts.append(
            table(
                "truth_snapshots",
                customer_id=customer_ids(simulation.first_customer + truth.customer),
                snapshot_date=pa.repeat(snapshot_date.isoformat(), count),
                horizon_days=pa.repeat(settings.horizon_days, count),
                is_eligible=truth.is_eligible,
                is_active=truth.is_active,
                true_purchase_probability=truth.full.purchase_probability,
                true_expected_net_revenue=truth.full.expected_net_revenue,
                history_purchase_probability=truth.history.purchase_probability,
                history_expected_net_revenue=truth.history.expected_net_revenue,
                order_count=truth.order_count,
                net_revenue=truth.net_revenue,
            )
        )
    return pa.concat_tables(parts)
