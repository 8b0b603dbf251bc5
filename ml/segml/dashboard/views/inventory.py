"""What will be needed, what to order, and what lies too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from segml.dashboard import charts, look
from segml.dashboard.quality_chart import compare_methods
from segml.reporting import words
from segml.reporting.language import ENGLISH

if TYPE_CHECKING:
    from segml.dashboard.marts import Marts

LARGEST = 15


def show(marts: Marts) -> None:
    """Show the page."""
    st.title("Inventory")
    if not marts.has("category_demand") and not marts.has("inventory_plan"):
        look.empty(
            "There is no demand forecast.",
            "It needs order lines with products; run `segml run`, then `segml publish`.",
        )
        return
    if marts.has("inventory_plan"):
        _plan(marts)
    if marts.has("category_demand"):
        _categories(marts)
    if marts.has("demand_quality"):
        st.header("Quality")
        compare_methods(marts, "demand_quality", own="forecast", headline="wape")


def _plan(marts: Marts) -> None:
    plan = marts.frame(
        "select coalesce(product_name, product_id) as product, "
        "category, is_reorder_due, reorder_quantity, reorder_cost, stock_on_hand_units, "
        "days_of_stock, lead_time_days, reorder_point_units, safety_stock_units, expected_units, "
        "low_units, high_units, last_period_units, is_overstocked, product_id "
        "from marketing.inventory_plan "
        "order by reorder_quantity desc nulls last, expected_units desc, product_id"
    )
    period = marts.frame(
        "select min(as_of_date) as first_day, max(horizon_end_date) as end_day "
        "from marketing.inventory_plan"
    ).iloc[0]
    has_stock = plan["stock_on_hand_units"].notna().any()
    to_order = plan[plan["is_reorder_due"].eq(True)]
    tiles = {
        "Products": words.count(len(plan)),
        "Expected units": words.count(plan["expected_units"].sum()),
    }
    if has_stock:
        tiles |= {
            "Products to order": words.count(len(to_order)),
            "Units to order": words.count(to_order["reorder_quantity"].sum()),
            "Cost of the order (currency)": words.amount(to_order["reorder_cost"].sum()),
            "Overstocked products": words.count(plan["is_overstocked"].eq(True).sum()),
        }
    look.tiles(tiles)
    st.caption(
        f"From {ENGLISH.day(period['first_day'])} until before {ENGLISH.day(period['end_day'])}."
    )
    if not has_stock:
        look.empty("No stock is known.", "Load `stock_on_hand` of the products to plan orders.")
    elif not to_order.empty:
        charts.bars(
            to_order.head(LARGEST),
            name="product",
            value="reorder_quantity",
            title="Products to order first (units)",
        )
    look.table(plan)


def _categories(marts: Marts) -> None:
    st.header("Demand by category")
    demand = marts.frame(
        "select * exclude (as_of_date, horizon_end_date) from marketing.category_demand "
        "order by expected_units desc, category"
    )
    charts.bars(
        demand.head(LARGEST), name="category", value="expected_units", title="Expected units"
    )
    look.table(demand)
