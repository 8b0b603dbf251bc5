"""Products, and a chunk's customers and orders, as clean raw tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from segml.synthetic.assortment import CATEGORIES
from segml.synthetic.catalogue import UNITS_PER_CUSTOMER_AND_MONTH
from segml.synthetic.dirt import changed
from segml.synthetic.purchases import DAY_SECONDS, random_second
from segml.synthetic.tables import (
    Numbering,
    customer_ids,
    dates,
    identifiers,
    nulled,
    product_ids,
    table,
    timestamps,
    words,
)
from segml.synthetic.traits import CHANNELS, COUNTRIES, GENDERS, NEVER

if TYPE_CHECKING:
    from segml.synthetic.catalogue import Catalogue
    from segml.synthetic.settings import ShopSettings
    from segml.synthetic.simulation import Simulation

NIGHTLY_LOAD_SECOND = DAY_SECONDS - 1_800  # the shop exports at 23:30, after its last order
LATE_LOAD_SHARE = 0.015  # of orders arrive one to six days late
LATE_LOAD_DAYS = (1, 6)
DAYS_PER_YEAR = 365.25
BIRTH_DATE_ONLY_SHARE, AGE_ONLY_SHARE = 0.5, 0.2  # the others give both


def products_table(catalogue: Catalogue, settings: ShopSettings) -> pa.Table:
    """Return the catalogue with a stock that suits the number of customers."""
    taste = np.array([item.taste for item in CATEGORIES])[catalogue.category]
    monthly_units = settings.customers * UNITS_PER_CUSTOMER_AND_MONTH * taste * catalogue.popularity
    return table(
        "raw_products",
        product_id=product_ids(np.arange(len(catalogue.name))),
        product_name=catalogue.name,
        category=[CATEGORIES[position].name for position in catalogue.category],
        unit_price=catalogue.unit_price,
        unit_cost=catalogue.unit_cost,
        stock_on_hand=np.round(monthly_units * catalogue.stock_months).astype(np.int64),
        lead_time_days=catalogue.lead_time_days,
    )


def customers_table(
    rng: np.random.Generator, simulation: Simulation, settings: ShopSettings
) -> pa.Table:
    """Return one row per customer as known on the evening of the registration."""
    traits, start = simulation.traits, settings.start_date
    number = simulation.first_customer + np.arange(len(traits))
    registered = traits.registered_day * DAY_SECONDS + simulation.registered_second
    birth_day = np.floor(-traits.age_years * DAYS_PER_YEAR).astype(np.int64)
    age = ((traits.registered_day - birth_day) / DAYS_PER_YEAR).astype(np.int64)
    given = rng.random(len(traits))
    key = customer_ids(number)
    return table(
        "raw_customers",
        customer_id=key,
        birth_date=nulled(dates(birth_day, start), given > 1 - AGE_ONLY_SHARE),
        age=nulled(pa.array(age), given < BIRTH_DATE_ONLY_SHARE),
        gender=words(GENDERS, traits.gender),
        annual_income=traits.annual_income,
        country=words(COUNTRIES, traits.country),
        registered_at=timestamps(registered, start),
        marketing_consent=traits.has_consent,
        consent_updated_at=timestamps(registered, start),
        email=[f"{text}@example.com" for text in key.to_pylist()],
        phone=identifiers("+00 555 ", number + 1, 7),
        loaded_at=timestamps(traits.registered_day * DAY_SECONDS + NIGHTLY_LOAD_SECOND, start),
    )


def consent_changes(
    rng: np.random.Generator, customers: pa.Table, simulation: Simulation, settings: ShopSettings
) -> pa.Table:
    """Return the second row of customers who changed their consent, loaded that evening."""
    traits, start = simulation.traits, settings.start_date
    chosen = np.flatnonzero(traits.consent_change_day != NEVER)
    midnight = traits.consent_change_day[chosen] * DAY_SECONDS
    return changed(
        customers.take(pa.array(chosen)),
        marketing_consent=pa.array(~traits.has_consent[chosen]),
        consent_updated_at=timestamps(midnight + random_second(rng, len(chosen)), start),
        loaded_at=timestamps(midnight + NIGHTLY_LOAD_SECOND, start),
    )


def orders_tables(
    rng: np.random.Generator, simulation: Simulation, settings: ShopSettings, numbers: Numbering
) -> tuple[pa.Table, pa.Table]:
    """Return the chunk's orders within the data, and their lines."""
    orders, baskets, start = simulation.orders, simulation.baskets, settings.start_date
    count = _kept_orders(simulation, settings)
    order_id = identifiers("o", numbers.orders + 1 + np.arange(count), 7)
    delay = rng.integers(*LATE_LOAD_DAYS, count, endpoint=True)
    delay = np.where(rng.random(count) < LATE_LOAD_SHARE, delay, 0)
    loaded_day = np.minimum(orders.day[:count] + delay, settings.days - 1)
    order_rows = table(
        "raw_orders",
        order_id=order_id,
        customer_id=customer_ids(simulation.first_customer + orders.customer[:count]),
        ordered_at=timestamps(orders.day[:count] * DAY_SECONDS + orders.second[:count], start),
        status=words(("completed", "cancelled"), baskets.is_cancelled[:count].astype(np.int64)),
        discount_amount=baskets.discount_amount[:count],
        channel=words(CHANNELS, baskets.channel[:count]),
        loaded_at=timestamps(loaded_day * DAY_SECONDS + NIGHTLY_LOAD_SECOND, start),
    )
    lines = np.searchsorted(baskets.order, count)
    order, product = baskets.order[:lines], baskets.product[:lines]
    line_rows = table(
        "raw_order_items",
        order_id=order_id.take(pa.array(order)),
        line_number=np.arange(lines) - np.searchsorted(order, order) + 1,
        product_id=product_ids(product),
        quantity=baskets.quantity[:lines],
        unit_price=simulation.catalogue.unit_price[product],
    )
    return order_rows, line_rows


def _kept_orders(simulation: Simulation, settings: ShopSettings) -> int:
    """Return how many orders lie within the data; they come first."""
    return int(np.searchsorted(simulation.orders.day, settings.days))
