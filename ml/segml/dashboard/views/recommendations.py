"""What to show to whom, and how good the lists are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from segml.dashboard import charts, look
from segml.dashboard.quality_chart import compare_methods

if TYPE_CHECKING:
    from segml.dashboard.marts import Marts

LIST_TYPES = {"rfm_segment": "RFM segment", "category": "Category"}
BASES = {
    "co_purchase": "often bought together",
    "repeat": "due again",
    "popularity": "popular in the segment",
}


def show(marts: Marts) -> None:
    """Show the page."""
    st.title("Recommendations")
    if not marts.has("product_recommendations") and not marts.has("segment_recommendations"):
        look.empty(
            "There are no recommendations.",
            "They need order lines with products; run `segml run`, then `segml publish`.",
        )
        return
    if marts.has("segment_recommendations"):
        _lists(marts)
    if marts.has("product_recommendations"):
        _bases(marts)
    if marts.has("recommendation_quality"):
        st.header("Quality")
        compare_methods(marts, "recommendation_quality", own="recommended", headline="hit_rate_10")


def _lists(marts: Marts) -> None:
    types = marts.frame(
        "select distinct list_type from marketing.segment_recommendations order by 1 desc"
    )
    left, right = st.columns(2)
    kind = left.selectbox("List for", look.names_in(types, "list_type"), format_func=_list_type)
    names = marts.frame(
        "select list_name from marketing.segment_recommendations where list_type = ? "
        "group by list_name order by max(affinity) desc, list_name",
        [kind],
    )
    name = right.selectbox(_list_type(kind), look.names_in(names, "list_name"))
    products = marts.frame(
        "select * exclude (as_of_date, list_type, list_name), "
        "coalesce(product_name, product_id) as shown_name "
        "from marketing.segment_recommendations "
        "where list_type = ? and list_name = ? order by recommendation_rank",
        [kind, name],
    )
    charts.bars(
        products, name="shown_name", value="buyer_share", title="Share who bought it lately"
    )
    look.table(products.drop(columns="shown_name"))


def _list_type(name: str) -> str:
    return LIST_TYPES.get(name, name)


def _bases(marts: Marts) -> None:
    st.header("For single customers")
    bases = marts.frame(
        "select basis, count(*) as product_count, count(distinct customer_key) as customer_count "
        "from marketing.product_recommendations group by basis order by product_count desc, basis"
    )
    charts.bars(
        bases.assign(basis=bases["basis"].map(lambda name: BASES.get(name, name))),
        name="basis",
        value="product_count",
        title="Recommended products by reason",
    )
    st.caption("The page Customer 360 shows the list of each customer.")
