"""What customers looked at, said, heard from the shop and are, in pandas: part of the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tests.e2e.purchase_oracle import share

if TYPE_CHECKING:
    from tests.e2e.cleaning_oracle import CleanShop

WINDOWS_DAYS = (7, 30, 90, 365)
AGE_EDGES = range(20, 101, 10)


def _aged(shop: CleanShop, table: str, time: str, day: pd.Timestamp) -> pd.DataFrame:
    rows = shop.known_at(table, day)
    rows = rows[rows.customer_id.notna()]
    return rows.assign(age_days=(day - rows[time].dt.floor("D")).dt.days)


def browsing_features(shop: CleanShop, day: pd.Timestamp) -> pd.DataFrame:
    """Counts of events and sessions; rows for customers with events only."""
    events = _aged(shop, "events", "occurred_at", day)
    kind = events.event_type.str.lower()
    events = events.assign(
        event=True,
        product_view=(kind == "page_view") & events.product_id.notna(),
        click=kind == "click",
        search=kind == "search",
        cart=kind == "add_to_cart",
        checkout=kind == "checkout",
    )
    measures = ["event", "product_view", "click", "search", "cart", "checkout"]
    columns = {
        f"days_since_last_{name}": events[events[name]].groupby("customer_id").age_days.min()
        for name in ("event", "search", "cart", "checkout")
    }
    for days in WINDOWS_DAYS:
        recent = events[events.age_days <= days].groupby("customer_id")
        for name in measures:
            columns[f"{name}_count_{days}d"] = recent[name].sum()
        columns[f"session_count_{days}d"] = recent.session_id.nunique()
    table = pd.DataFrame(columns)
    counts = [name for name in table if "_count_" in name]
    table[counts] = table[counts].fillna(0).astype("float64")
    views = table.product_view_count_90d
    table["product_views_per_session_90d"] = share(views, table.session_count_90d)
    table["carts_per_product_view_90d"] = share(table.cart_count_90d, views)
    return table.join(_cart_abandonment(events))


def _cart_abandonment(events: pd.DataFrame) -> pd.Series:
    visits = events.dropna(subset="session_id").groupby(["customer_id", "session_id"])
    visits = visits.agg({"age_days": "min", "cart": "any", "checkout": "any"})
    carted = visits[(visits.age_days <= 90) & visits.cart]
    return (~carted.checkout).groupby("customer_id").mean().rename("cart_abandonment_share_90d")


def feedback_features(shop: CleanShop, day: pd.Timestamp) -> pd.DataFrame:
    """Ratings and review texts; rows for customers with reviews only."""
    reviews = _aged(shop, "reviews", "reviewed_at", day)
    reviews = reviews.sort_values(["reviewed_at", "review_id"])
    reviews["characters"] = reviews.review_text.fillna("").str.len()
    written = reviews.groupby("customer_id")
    latest_year = reviews[reviews.age_days <= 365].groupby("customer_id")
    return pd.DataFrame(
        {
            "review_count": written.size(),
            "review_count_90d": reviews[reviews.age_days <= 90].groupby("customer_id").size(),
            "review_count_365d": latest_year.size(),
            "rating_mean": written.rating.mean(),
            "rating_mean_365d": latest_year.rating.mean(),
            "minimum_rating": written.rating.min(),
            "last_rating": written.rating.last(),
            "last_rating_change": written.rating.last() - written.rating.mean(),
            "negative_review_share": (reviews.rating <= 2).groupby(reviews.customer_id).mean(),
            "review_text_mean_characters": written.characters.mean(),
            "days_since_last_review": written.age_days.min(),
        }
    )


def contact_features(shop: CleanShop, day: pd.Timestamp) -> pd.DataFrame:
    """Campaign contacts; rows for customers who were contacted only."""
    contacts = _aged(shop, "campaign_contacts", "contacted_at", day)
    contacts = contacts[contacts.is_control.ne(True)]
    columns = {"days_since_last_contact": contacts.groupby("customer_id").age_days.min()}
    for days in (30, 90, 365):
        recent = contacts[contacts.age_days <= days]
        columns[f"contact_count_{days}d"] = recent.groupby("customer_id").size()
    return pd.DataFrame(columns)


def demographics(shop: CleanShop, day: pd.Timestamp) -> pd.DataFrame:
    """Age, gender, income and country; impossible values are null."""
    customers = shop.known_at("customers", day).set_index("customer_id")
    born = customers.birth_date
    latest = customers.registered_at.fillna(pd.Timestamp("2100-01-01")).dt.floor("D")
    born = born.where((born >= pd.Timestamp("1900-01-01")) & (born <= latest))
    had_birthday = (born.dt.month < day.month) | (
        (born.dt.month == day.month) & (born.dt.day <= day.day)
    )
    age = (day.year - born.dt.year - (~had_birthday)).where(
        born.notna(), customers.age.where(customers.age.between(14, 100))
    )
    age = age.where(age.between(14, 100))
    income = customers.annual_income
    return pd.DataFrame(
        {
            "age_years": age,
            "age_band": age.map(_age_band, na_action="ignore"),
            "gender": customers.gender.str.lower(),
            "annual_income": income.where(income.between(0, 10_000_000)),
            "country": customers.country,
        }
    )


def _age_band(age: float) -> str:
    position = int(np.digitize(age, list(AGE_EDGES)))
    if position == 0:
        return f"<{AGE_EDGES[0]}"
    if position == len(AGE_EDGES):
        return f"{AGE_EDGES[-1]}+"
    return f"{AGE_EDGES[position - 1]}-{AGE_EDGES[position]}"
