"""What will be needed, what to order, and what lies too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from segml.dashboard import charts, look
from segml.dashboard.quality_chart import compare_methods
from segml.reporting import words

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
        compare_methods(marts, "demand_quality")


def _plan(marts: Marts) -> None:
    plan = marts.frame("select * from marketing.inventory_plan")
    figures = {"Products": words.count(len(plan))}
    if "expected_units" in plan:
        figures["Expected units"] = words.count(plan["expected_units"].sum())
    if "reorder_quantity" in plan:
        plan = plan.sort_values("reorder_quantity", ascending=False, kind="stable")
        due = plan[plan["reorder_quantity"] > 0]
        figures["Products to order"] = words.count(len(due))
        figures["Units to order"] = words.count(due["reorder_quantity"].sum())
    look.tiles(figures)
    if "reorder_quantity" in plan and not due.empty:
        shown = due.head(LARGEST)
        charts.bars(
            shown.assign(product=shown["product_name"].fillna(shown["product_id"])),
            name="product",
            value="reorder_quantity",
            title="Products to order first (units)",
        )
    look.table(plan)


def _categories(marts: Marts) -> None:
    st.header("Demand by category")
    demand = marts.frame("select * from marketing.category_demand")
    if {"category", "expected_units"} <= set(demand):
        demand = demand.sort_values("expected_units", ascending=False, kind="stable")
        charts.bars(
            demand.head(LARGEST), name="category", value="expected_units", title="Expected units"
        )
    look.table(demand)
