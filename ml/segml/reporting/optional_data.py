"""Marts that a warehouse may lack: each is read when it is there, as aggregates of k or more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from segml.warehouse import Warehouse

MIGRATION = """
    select segment_type, from_date, to_date, from_segment, to_segment, customer_count,
        cast(revenue_change as double) as revenue_change
    from marketing.segment_migration
    where is_latest and not is_suppressed
    order by segment_type, from_segment, to_segment
"""
COHORTS = """
    select cohort_month_start_date, months_since_first_order, cohort_customer_count,
        retention_rate
    from marketing.retention_cohorts
    where is_complete_month and not is_suppressed
    order by cohort_month_start_date, months_since_first_order
"""
AUDIENCES = """
    select campaign_id, channel, count(*) as customer_count,
        count(*) filter (where is_holdout) as holdout_count,
        cast(sum(cost_per_contact) filter (where not is_holdout) as double) as cost,
        sum(expected_incremental_profit) filter (where not is_holdout) as expected_profit
    from marketing.campaign_audiences
    group by campaign_id, channel
    having count(*) >= {k_anonymity}
    order by min(priority), campaign_id, channel
"""
RESULTS = """
    select campaign_id, contacted_customer_count, control_customer_count, conversion_uplift,
        conversion_uplift_ci_low as ci_low, conversion_uplift_ci_high as ci_high,
        cast(incremental_net_revenue as double) as incremental_net_revenue,
        sample_warning is not null as has_warning
    from marketing.campaign_results
    where channel = 'all' and not is_suppressed
    order by campaign_id
"""
RECOMMENDED = """
    select list_name, coalesce(product_name, product_id) as product
    from marketing.segment_recommendations
    where list_type = 'rfm_segment' and affinity > 1
    qualify row_number() over (partition by list_name order by affinity desc, product_id) <= 3
    order by list_name, affinity desc, product_id
"""
RECOMMENDATION_QUALITY = """
    select replace(subject, 'recommendations: ', '') as subject, method,
        regexp_replace(metric, '_\\d+$', '') as metric, value
    from marketing.recommendation_quality
    order by subject, method, metric
"""
DEMAND = """
    select category, expected_units, low_units, high_units, last_period_units, change_rate
    from marketing.category_demand
    order by expected_units desc, category
    limit 12
"""
STOCK = """
    select count(*) filter (where is_reorder_due) as reorder_count,
        sum(reorder_cost) filter (where is_reorder_due) as reorder_cost,
        count(*) filter (where is_overstocked) as overstocked_count
    from marketing.inventory_plan
    having count(is_reorder_due) > 0
"""
DEMAND_QUALITY = """
    select replace(subject, 'demand: ', '') as subject, method, metric, value
    from marketing.demand_quality
    order by subject, method, metric
"""
SCORINGS = """
    with newest as (
        select *, row_number() over (order by scored_at desc, scoring_id) as age
        from ml.scorings where status = 'complete'
        qualify age <= 2
    )
    select age, newest.snapshot_date, model_name, count(*) as customer_count,
        avg(purchase_probability) as mean_purchase_probability,
        sum(expected_net_revenue) as expected_net_revenue
    from newest
    inner join ml.segment_predictions using (scoring_id)
    inner join ml.model_versions
        on newest.model_version = model_versions.model_version
    group by all
    having count(*) >= {k_anonymity}
    order by age
"""
MOVED = """
    with newest as (
        select scoring_id, row_number() over (order by scored_at desc, scoring_id) as age
        from ml.scorings where status = 'complete'
        qualify age <= 2
    ),
    tiers as (
        select age, customer_key, value_tier
        from newest inner join ml.segment_predictions using (scoring_id)
    )
    select count(*) as both_count,
        count(*) filter (where new.value_tier != old.value_tier) as moved_count
    from tiers as new
    inner join tiers as old on new.customer_key = old.customer_key and new.age = 1 and old.age = 2
    having moved_count >= {k_anonymity}
"""


@dataclass(frozen=True, kw_only=True)
class OptionalData:
    """What optional marts hold; a frame is empty where its mart is missing or empty.

    Parameters
    ----------
    migration : DataFrame
        Cells of the newest step of ``marketing.segment_migration``.
    cohorts : DataFrame
        Retention of complete months.
    audiences, results : DataFrame
        One row per campaign: who is chosen, and what past contacts achieved.
    recommended, recommendation_quality : DataFrame
        Best products per RFM segment, and how well lists foresaw purchases.
    demand, stock, demand_quality : DataFrame
        Units expected per category, one row about products to order, and how far forecasts missed.
    scorings : DataFrame
        The newest complete scoring and the one before; ``age`` is 1 and 2.
    moved : DataFrame
        One row: customers of both scorings, and those in another tier.
    """

    migration: pd.DataFrame
    cohorts: pd.DataFrame
    audiences: pd.DataFrame
    results: pd.DataFrame
    recommended: pd.DataFrame
    recommendation_quality: pd.DataFrame
    demand: pd.DataFrame
    stock: pd.DataFrame
    demand_quality: pd.DataFrame
    scorings: pd.DataFrame
    moved: pd.DataFrame


def read_optional_data(warehouse: Warehouse, k_anonymity: int) -> OptionalData:
    """Read what there is of the optional marts.

    Parameters
    ----------
    k_anonymity : int
        Groups of fewer customers are left out.
    """

    def read(schema: str, table: str, query: str) -> pd.DataFrame:
        if not warehouse.has_table(schema, table):
            return pd.DataFrame()
        return warehouse.frame(query.format(k_anonymity=k_anonymity))

    return OptionalData(
        migration=read("marketing", "segment_migration", MIGRATION),
        cohorts=read("marketing", "retention_cohorts", COHORTS),
        audiences=read("marketing", "campaign_audiences", AUDIENCES),
        results=read("marketing", "campaign_results", RESULTS),
        recommended=read("marketing", "segment_recommendations", RECOMMENDED),
        recommendation_quality=read("marketing", "recommendation_quality", RECOMMENDATION_QUALITY),
        demand=read("marketing", "category_demand", DEMAND),
        stock=read("marketing", "inventory_plan", STOCK),
        demand_quality=read("marketing", "demand_quality", DEMAND_QUALITY),
        scorings=read("ml", "segment_predictions", SCORINGS),
        moved=read("ml", "segment_predictions", MOVED),
    )
