"""Schemas of the raw tables, and helpers that turn numbers into their text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

TEXT, WHOLE, FLAG = pa.string(), pa.int64(), pa.bool_()
MONEY = pa.decimal128(12, 2)
SHARE = pa.float64()

# Times are text, as in any raw export: some of them are not times.
RAW_SCHEMAS = {
    "raw_customers": {
        "customer_id": TEXT, "birth_date": TEXT, "age": WHOLE, "gender": TEXT,
        "annual_income": MONEY, "country": TEXT, "registered_at": TEXT,
        "marketing_consent": FLAG, "consent_updated_at": TEXT, "email": TEXT, "phone": TEXT,
        "loaded_at": TEXT,
    },
    "raw_products": {
        "product_id": TEXT, "product_name": TEXT, "category": TEXT, "unit_price": MONEY,
        "unit_cost": MONEY, "stock_on_hand": WHOLE, "lead_time_days": WHOLE,
    },
    "raw_orders": {
        "order_id": TEXT, "customer_id": TEXT, "ordered_at": TEXT, "status": TEXT,
        "discount_amount": MONEY, "channel": TEXT, "loaded_at": TEXT,
    },
    "raw_order_items": {
        "order_id": TEXT, "line_number": WHOLE, "product_id": TEXT, "quantity": WHOLE,
        "unit_price": MONEY,
    },
    "raw_returns": {
        "return_id": TEXT, "order_id": TEXT, "product_id": TEXT, "quantity": WHOLE,
        "refund_amount": MONEY, "returned_at": TEXT,
    },
    "raw_events": {
        "event_id": TEXT, "customer_id": TEXT, "session_id": TEXT, "event_type": TEXT,
        "product_id": TEXT, "search_query": TEXT, "occurred_at": TEXT,
    },
    "raw_reviews": {
        "review_id": TEXT, "customer_id": TEXT, "product_id": TEXT, "rating": WHOLE,
        "review_text": TEXT, "reviewed_at": TEXT,
    },
    "raw_campaign_contacts": {
        "campaign_id": TEXT, "customer_id": TEXT, "channel": TEXT, "contacted_at": TEXT,
        "is_control": FLAG,
    },
}  # fmt: skip

TRUTH_SCHEMAS = {
    "truth_customers": {
        "customer_id": TEXT, "purchases_per_30_days": SHARE, "drop_outs_per_30_days": SHARE,
        "drop_out_date": TEXT, "has_churned": FLAG, "expected_order_value": SHARE,
        "expected_revenue_per_30_days": SHARE, "main_category": TEXT,
        "main_category_share": SHARE, "satisfaction": SHARE, "deal_share": SHARE,
        "is_tracked": FLAG, "is_wholesale": FLAG, "is_bot": FLAG,
    },
    "truth_snapshots": {
        "customer_id": TEXT, "snapshot_date": TEXT, "horizon_days": WHOLE, "is_eligible": FLAG,
        "is_active": FLAG, "true_purchase_probability": SHARE,
        "true_expected_net_revenue": SHARE, "history_purchase_probability": SHARE,
        "history_expected_net_revenue": SHARE, "order_count": WHOLE, "net_revenue": MONEY,
    },
}  # fmt: skip

SCHEMAS = {
    name: pa.schema(list(columns.items()))
    for name, columns in (RAW_SCHEMAS | TRUTH_SCHEMAS).items()
}


@dataclass
class Numbering:
    """Rows written so far, so that keys go on from one chunk to the next."""

    orders: int = 0
    returns: int = 0
    events: int = 0
    reviews: int = 0

    def count(
        self, *, orders: pa.Table, returns: pa.Table, events: pa.Table, reviews: pa.Table
    ) -> None:
        """Go on after the rows of a chunk."""
        self.orders += orders.num_rows
        self.returns += returns.num_rows
        self.events += events.num_rows
        self.reviews += reviews.num_rows


def table(name: str, **columns: Any) -> pa.Table:  # noqa: ANN401
    """Return a table of the named schema from arrays; amounts are rounded to cents."""
    schema = SCHEMAS[name]
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def identifiers(prefix: str, numbers: NDArray[np.int64], digits: int) -> pa.Array:
    """Return text keys such as ``c000123``; longer numbers keep all their digits."""
    text = pc.utf8_lpad(pa.array(numbers).cast(TEXT), digits, "0")
    return pc.binary_join_element_wise(prefix, text, "")


def customer_ids(numbers: NDArray[np.int64]) -> pa.Array:
    """Return keys of customers numbered from 0."""
    return identifiers("c", numbers + 1, 6)


def product_ids(numbers: NDArray[np.int64]) -> pa.Array:
    """Return keys of products numbered from 0."""
    return identifiers("p", numbers + 1, 4)


def timestamps(seconds: NDArray[np.int64], start: date) -> pa.Array:
    """Return ``YYYY-MM-DD HH:MM:SS`` of seconds since midnight of the first day."""
    times = np.datetime64(start, "s") + seconds.astype("timedelta64[s]")
    return pa.array(times).cast(TEXT)


def dates(days: NDArray[np.int64], start: date) -> pa.Array:
    """Return ``YYYY-MM-DD`` of days since the first day."""
    return pa.array(np.datetime64(start, "D") + days.astype("timedelta64[D]")).cast(TEXT)


def words(vocabulary: tuple[str, ...], positions: NDArray[np.int64]) -> pa.Array:
    """Return the word at each position; null where the position is negative."""
    known = pa.array(positions, mask=positions < 0)
    return pa.array(vocabulary).take(known)


def nulled(values: pa.Array, is_null: NDArray[np.bool_]) -> pa.Array:
    """Return the values with null where told."""
    return pc.if_else(pa.array(is_null), pa.scalar(None, values.type), values)
