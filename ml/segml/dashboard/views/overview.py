"""How the shop is doing: customers, revenue, the last full month, retention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from segml.dashboard import charts, look
from segml.reporting import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from segml.dashboard.marts import Marts

SHOWN_MONTHS = 24
SHOWN_COHORTS, COHORT_MONTHS = 18, 12
MONTHS = f"""
select
    month_start_date,
    sum(net_revenue) as net_revenue,
    sum(order_count) as order_count,
    sum(checkout_session_share * session_count) / nullif(sum(session_count), 0)
        as checkout_session_share,
    sum(repeat_buyer_share * buyer_count) / nullif(sum(buyer_count), 0) as repeat_buyer_share,
    sum(mean_rating * review_count) / nullif(sum(review_count), 0) as mean_rating
from marketing.segment_kpis
where is_complete_month
group by month_start_date
order by month_start_date desc
limit {SHOWN_MONTHS}
"""
COHORTS = f"""
select
    strftime(cohort_month_start_date, '%Y-%m') as cohort,
    months_since_first_order, retention_rate
from marketing.retention_cohorts
where
    not is_suppressed and is_complete_month
    and months_since_first_order between 1 and {COHORT_MONTHS}
qualify dense_rank() over (order by cohort desc) <= {SHOWN_COHORTS}
order by cohort, months_since_first_order
"""


def show(marts: Marts) -> None:
    """Show the page."""
    st.title("Overview")
    if not marts.has("customer_segments"):
        look.empty("There is no customer yet.", "Load orders with `segml load`, then `segml run`.")
        return
    _customers(marts)
    if marts.has("segment_kpis"):
        _months(marts.frame(MONTHS).iloc[::-1].reset_index(drop=True))
    _segments(marts)
    if marts.has("retention_cohorts"):
        cohorts = marts.frame(COHORTS)
        if not cohorts.empty:
            st.header("Retention")
            charts.heatmap(
                cohorts,
                row="cohort",
                column="months_since_first_order",
                value="retention_rate",
                title="Share of each month's first-time buyers who order again, by months since",
                legend="Retention rate",
            )


def _customers(marts: Marts) -> None:
    total = marts.frame(
        """
        select
            count(*) as customers, count(purchase_probability) as scored,
            sum(net_revenue) as net_revenue, sum(expected_net_revenue) as expected,
            avg(purchase_probability) as probability,
            avg(cast(has_marketing_consent as integer)) as consent
        from marketing.customer_segments
        """
    ).iloc[0]
    look.tiles(
        {
            "Customers": words.count(total["customers"]),
            "Net revenue so far (currency)": words.amount(total["net_revenue"]),
            "Expected net revenue (currency)": words.amount(total["expected"]),
            "Mean chance of an order": words.share(total["probability"]),
            "May be contacted": words.share(total["consent"]),
        }
    )
    if total["scored"] == 0:
        look.empty("No customer is scored yet.", "Run `segml run`, then `segml publish`.")
    else:
        st.caption("Expectation and chance: within the model's horizon from the day of the data.")


def _months(months: pd.DataFrame) -> None:
    if months.empty:
        look.empty("No calendar month is complete yet.", "Figures by month come with time.")
        return
    last = months.iloc[-1]
    st.header(f"{last['month_start_date']:%B %Y}")
    previous = months.iloc[-2] if len(months) > 1 else None
    labels = {
        "net_revenue": ("Net revenue (currency)", words.amount),
        "order_count": ("Orders", words.count),
        "checkout_session_share": ("Sessions that reach the checkout", words.share),
        "repeat_buyer_share": ("Buyers who had bought before", words.share),
        "mean_rating": ("Mean rating (1 to 5 stars)", words.decimal),
    }
    values = {label: form(last[name]) for name, (label, form) in labels.items()}
    look.tiles(values, _changes(labels, last, previous))
    st.caption("The last full month against the month before.")
    charts.columns_over_time(
        months, day="month_start_date", value="net_revenue", title="Net revenue by month (currency)"
    )


def _changes(
    labels: Mapping[str, tuple[str, object]], last: pd.Series, previous: pd.Series | None
) -> dict[str, str]:
    """Return the relative change of each figure that has a value in both months."""
    if previous is None:
        return {}
    return {
        label: f"{last[name] / previous[name] - 1:+.1%}"
        for name, (label, _) in labels.items()
        if last[name] == last[name] and previous[name] > 0
    }


def _segments(marts: Marts) -> None:
    if not marts.has("segment_profiles"):
        return
    st.header("Segments")
    left, right = st.columns(2)
    for column, kind, title in (
        (left, "rfm_segment", "Customers by RFM segment"),
        (right, "value_tier", "Customers by value tier"),
    ):
        with column:
            charts.bars(
                marts.frame(
                    "select segment_name, customer_count from marketing.segment_profiles "
                    "where segment_type = ? and not is_suppressed order by customer_count desc",
                    [kind],
                ),
                name="segment_name",
                value="customer_count",
                title=title,
            )
