"""Whom to contact now, and whether past campaigns worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from segml.dashboard import charts, look
from segml.reporting import words
from segml.reporting.language import ENGLISH

if TYPE_CHECKING:
    import pandas as pd

    from segml.dashboard.marts import Marts

SHOWN_CUSTOMERS = 100
AUDIENCES = """
select
    campaign_id, any_value(action) as action, any_value(channel) as channel,
    any_value(offer) as offer,
    count(*) filter (where not is_holdout) as contact_count,
    count(*) filter (where is_holdout) as holdout_count,
    sum(expected_incremental_profit) filter (where not is_holdout) as expected_incremental_profit,
    sum(cost_per_contact) filter (where not is_holdout) as contact_cost
from marketing.campaign_audiences
group by campaign_id
order by expected_incremental_profit desc nulls last, campaign_id
"""
UPLIFTS = {
    "conversion_uplift": ("Uplift of conversion (share of customers who ordered)", "share"),
    "adjusted_revenue_uplift": ("Uplift of revenue per customer, adjusted (currency)", "amount"),
}


def show(marts: Marts) -> None:
    """Show the page."""
    st.title("Campaigns")
    if marts.has("campaign_audiences"):
        _audiences(marts)
    else:
        look.empty(
            "No audience has anybody in it.",
            "Look at consent and at seeds/reference/campaign_playbook.csv, then `dbt build`.",
        )
    if marts.has("campaign_results"):
        _results(marts)
    else:
        look.empty("No past campaign is on record.", "Load `campaign_contacts` to measure them.")


def _audiences(marts: Marts) -> None:
    audiences = marts.frame(AUDIENCES)
    look.tiles(
        {
            "Audiences": words.count(len(audiences)),
            "Customers to contact": words.count(audiences["contact_count"].sum()),
            "Held out to measure against": words.count(audiences["holdout_count"].sum()),
            "Cost (currency)": words.amount(audiences["contact_cost"].sum()),
            "Expected profit (currency)": words.amount(
                audiences["expected_incremental_profit"].sum()
            ),
        }
    )
    known = audiences.dropna(subset=["expected_incremental_profit"])
    if not known.empty:
        charts.bars(
            known.assign(campaign=known["campaign_id"].map(_name)),
            name="campaign",
            value="expected_incremental_profit",
            title="Expected incremental profit after costs (currency)",
        )
    look.table(audiences)
    st.header("Audience")
    campaign = st.selectbox("Campaign", look.names_in(audiences, "campaign_id"), format_func=_name)
    look.table(
        marts.frame(
            "select audience_rank, cast(customer_key as varchar) as customer_key, rfm_segment, "
            "value_tier, purchase_probability, expected_net_revenue, "
            "expected_incremental_profit, is_holdout, reason from marketing.campaign_audiences "
            f"where campaign_id = ? order by audience_rank limit {SHOWN_CUSTOMERS}",
            [campaign],
        )
    )
    st.caption(
        f"The first {SHOWN_CUSTOMERS}. `segml export {campaign} --to {campaign}.csv` writes all "
        "of them with their addresses."
    )


def _name(campaign_id: str) -> str:
    return ENGLISH.term("campaign", campaign_id)


def _results(marts: Marts) -> None:
    st.header("Results of past campaigns")
    results = marts.frame(
        "select * from marketing.campaign_results where channel = 'all' "
        "order by last_contact_date desc, campaign_id"
    )
    shown = results[~results["is_suppressed"]]
    measure = st.selectbox("Measure", list(UPLIFTS), format_func=lambda name: UPLIFTS[name][0])
    title, unit = UPLIFTS[measure]
    judged = shown.dropna(subset=[measure])
    if judged.empty:
        look.empty("No campaign can be judged.", "Each needs a hold-out group of enough customers.")
    else:
        charts.intervals(
            judged.assign(
                ci_low=judged[f"{measure}_ci_low"],
                ci_high=judged[f"{measure}_ci_high"],
                stands_out=judged[f"is_{measure}_significant"].fillna(False).astype(bool),
            ),
            name="campaign_id",
            value=measure,
            title=title,
            unit=unit,
        )
        st.caption(
            "Contacted against held-out customers with 95 % intervals; grey: the interval "
            "includes zero."
        )
    look.table(_columns(results))


def _columns(results: pd.DataFrame) -> pd.DataFrame:
    return results[
        [
            "campaign_id",
            "last_contact_date",
            "is_window_complete",
            "contacted_customer_count",
            "control_customer_count",
            "contacted_conversion_rate",
            "control_conversion_rate",
            "conversion_uplift",
            "adjusted_revenue_uplift",
            "incremental_net_revenue",
            "sample_warning",
        ]
    ]
