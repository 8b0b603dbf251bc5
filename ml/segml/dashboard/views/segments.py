"""What each segment looks like, what it is worth, and how it develops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from segml.dashboard import charts, look
from segml.reporting import words

if TYPE_CHECKING:
    import pandas as pd

    from segml.dashboard.marts import Marts

KINDS = {"rfm_segment": "RFM segment", "value_tier": "Value tier", "persona": "Persona"}
MEASURES = {
    "net_revenue": "Net revenue (currency)",
    "order_count": "Orders",
    "buyer_count": "Buyers",
    "orders_per_session": "Orders per session",
    "retention_rate": "Retention rate",
    "repeat_buyer_share": "Share of buyers who had bought before",
    "mean_rating": "Mean rating (1 to 5 stars)",
}


def show(marts: Marts) -> None:
    """Show the page."""
    st.title("Segments")
    if not marts.has("segment_profiles"):
        look.empty("There are no segment profiles.", "Run `segml run`, then `segml publish`.")
        return
    kind = st.segmented_control(
        "Kind of segment", list(KINDS), default="rfm_segment", format_func=KINDS.__getitem__
    )
    profiles = marts.frame(
        "select * exclude (segment_type) from marketing.segment_profiles "
        "where segment_type = ? order by customer_count desc nulls last, segment_name",
        [kind or "rfm_segment"],
    )
    if profiles.empty:
        look.empty("There are no segments of this kind.", "Choose another one.")
        return
    shown = profiles[~profiles["is_suppressed"]]
    _sizes(shown)
    _card(shown)
    st.header("All segments")
    look.table(profiles.drop(columns="is_suppressed"))
    if len(shown) < len(profiles):
        st.caption("Segments of few customers are withheld for privacy: their row is empty.")
    if kind == "rfm_segment" and marts.has("segment_kpis"):
        _development(marts)


def _sizes(profiles: pd.DataFrame) -> None:
    left, right = st.columns(2)
    with left:
        charts.bars(profiles, name="segment_name", value="customer_count", title="Customers")
    with right:
        charts.bars(
            profiles,
            name="segment_name",
            value="net_revenue_share",
            title="Share of the shop's net revenue",
        )


def _card(profiles: pd.DataFrame) -> None:
    st.header("Profile")
    name = st.selectbox("Segment", look.names_in(profiles, "segment_name"))
    row = profiles[profiles["segment_name"] == name].iloc[0]
    look.tiles(
        {
            "Customers": words.count(row["customer_count"]),
            "Share of customers": words.share(row["customer_share"]),
            "Net revenue (currency)": words.amount(row["net_revenue"]),
            "Expected net revenue (currency)": words.amount(row["expected_net_revenue"]),
            "Mean chance of an order": words.share(row["mean_purchase_probability"]),
            "Orders per customer": words.decimal(row["mean_order_count"]),
            "Net revenue per order (currency)": words.amount(row["net_revenue_per_order"]),
            "Days since last order": words.count(row["mean_recency_days"]),
            "Days between orders": words.decimal(row["median_purchase_gap_days"]),
            "Median age (years)": words.count(row["median_age_years"]),
            "Mean rating (1 to 5 stars)": words.decimal(row["mean_rating"]),
            "Favourite category": words.text(row["most_common_category"]),
            "Usual channel": words.text(row["most_common_channel"]),
            "May be contacted": words.share(row["consent_share"]),
        }
    )


def _development(marts: Marts) -> None:
    st.header("Development")
    months = marts.frame(
        "select * from marketing.segment_kpis where is_complete_month "
        "order by month_start_date, rfm_segment"
    )
    measure = st.selectbox("Measure", list(MEASURES), format_func=MEASURES.__getitem__)
    everything = look.names_in(months, "rfm_segment")
    largest = (
        months.groupby("rfm_segment")["net_revenue"].sum().sort_values(ascending=False).index[:3]
    )
    chosen = st.multiselect(
        "Segments", everything, default=sorted(largest), max_selections=len(charts.SERIES)
    )
    rows = months[months["rfm_segment"].isin(chosen)].dropna(subset=[measure])
    if rows.empty:
        look.empty("There is nothing to draw.", "Choose segments, or another measure.")
        return
    charts.lines(
        rows,
        day="month_start_date",
        value=measure,
        series="rfm_segment",
        title=f"{MEASURES[measure]} by month",
    )
