"""Everything about one customer, who is known by pseudonym only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from pandas.api.types import is_list_like

from segml.dashboard import look
from segml.reporting import words
from segml.reporting.language import ENGLISH

if TYPE_CHECKING:
    import pandas as pd

    from segml.dashboard.marts import Marts

LISTED_CUSTOMERS = 200


def show(marts: Marts) -> None:
    """Show the page."""
    st.title("Customer 360")
    if not marts.has("customer_segments"):
        look.empty("There is no customer yet.", "Load orders with `segml load`, then `segml run`.")
        return
    key = _choose(marts)
    if key is None:
        look.empty("No customer has this key.", "Check it, or clear the field to choose one.")
        return
    row = marts.frame(
        "select * from marketing.customer_segments where customer_key = cast(? as uuid)", [key]
    ).iloc[0]
    _figures(row)
    _reasons(row)
    _facts(row)
    _campaigns(marts, key)
    _products(marts, key)


def _choose(marts: Marts) -> str | None:
    """Return the chosen key, or None when a typed one is unknown."""
    left, right = st.columns(2)
    typed = left.text_input("Customer key", placeholder="Paste a key, or choose on the right")
    segments = marts.frame(
        "select rfm_segment from marketing.customer_segments group by rfm_segment "
        "order by sum(net_revenue) desc nulls last, rfm_segment"
    )
    if typed.strip():
        found = marts.frame(
            "select cast(customer_key as varchar) as customer_key from marketing.customer_segments "
            "where cast(customer_key as varchar) = lower(?)",
            [typed.strip()],
        )
        return None if found.empty else str(found["customer_key"][0])
    segment = right.selectbox("RFM segment", look.names_in(segments, "rfm_segment"))
    keys = marts.frame(
        "select cast(customer_key as varchar) as customer_key from marketing.customer_segments "
        "where rfm_segment = ? order by value_rank nulls last, customer_key "
        f"limit {LISTED_CUSTOMERS}",
        [segment],
    )
    return st.selectbox("Customer, most valuable first", look.names_in(keys, "customer_key"))


def _figures(row: pd.Series) -> None:
    look.tiles(
        {
            "RFM segment": words.text(row["rfm_segment"]),
            "Value tier": words.text(row["value_tier"]),
            "Persona": words.text(row["cluster_name"]),
            "Chance of an order": words.share(row["purchase_probability"]),
            "Expected net revenue (currency)": words.amount(row["expected_net_revenue"]),
            "Value rank": words.count(row["value_rank"]),
        }
    )
    if not row["is_prediction_current"] and words.text(row["value_tier"]) != "unscored":
        st.warning(
            f"The prediction is of {ENGLISH.day(row['prediction_snapshot_date'])}, the rest of "
            f"{ENGLISH.day(row['as_of_date'])}."
        )


def _reasons(row: pd.Series) -> None:
    listed = row["top_reasons"]
    reasons = [item for item in listed if isinstance(item, str)] if is_list_like(listed) else []
    st.header("Why")
    if not reasons:
        look.empty("No reasons are stored for this customer.", "They come with a prediction.")
        return
    st.markdown("\n".join(f"- {look.plain(reason)}" for reason in reasons))


def _facts(row: pd.Series) -> None:
    st.header("What is known")
    look.tiles(
        {
            "Orders": words.count(row["order_count"]),
            "Net revenue so far (currency)": words.amount(row["net_revenue"]),
            "Average order (currency)": words.amount(row["average_order_revenue"]),
            "Days since last order": words.count(row["recency_days"]),
            "Days as a customer": words.count(row["tenure_days"]),
            "Days between orders": words.decimal(row["purchase_gap_mean_days"]),
            "Favourite category": words.text(row["top_category"]),
            "Last channel": words.text(row["last_channel"]),
            "Mean rating (1 to 5 stars)": words.decimal(row["rating_mean"]),
            "Age band": words.text(row["age_band"]),
            "Country": words.text(row["country"]),
            "May be contacted": "yes" if row["has_marketing_consent"] else "no",
        }
    )


def _campaigns(marts: Marts, key: str) -> None:
    st.header("Campaign")
    rows = (
        marts.frame(
            "select campaign_id, action, channel, offer, is_holdout, expected_incremental_profit, "
            "reason from marketing.campaign_audiences where customer_key = cast(? as uuid)",
            [key],
        )
        if marts.has("campaign_audiences")
        else None
    )
    if rows is None or rows.empty:
        look.empty("The customer is in no audience now.", "Consent, caps and profit decide.")
    else:
        look.table(rows)


def _products(marts: Marts, key: str) -> None:
    if not marts.has("product_recommendations"):
        return
    st.header("Recommended products")
    rows = marts.frame(
        "select recommendation_rank, product_name, category, reason, product_id "
        "from marketing.product_recommendations where customer_key = cast(? as uuid) "
        "order by recommendation_rank",
        [key],
    )
    if rows.empty:
        look.empty("Nothing is recommended to this customer.", "No product fits now.")
    else:
        look.table(rows)
