"""The raw contract once more, in pandas: columns, types, and what text becomes under them.

Money is counted in whole ten-thousandths of the currency (``ticks``), so that sums are exact.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

TICKS_PER_UNIT = 10_000
TEXT, TIME, NUMBER, MONEY, TRUTH = "text", "time", "number", "money", "truth"
CONTRACT = {
    "customers": {
        "customer_id": TEXT, "birth_date": TIME, "age": NUMBER, "gender": TEXT,
        "annual_income": NUMBER, "country": TEXT, "registered_at": TIME,
        "marketing_consent": TRUTH, "consent_updated_at": TIME, "email": TEXT, "phone": TEXT,
        "loaded_at": TIME,
    },
    "products": {
        "product_id": TEXT, "product_name": TEXT, "category": TEXT, "unit_price": MONEY,
        "unit_cost": MONEY, "stock_on_hand": NUMBER, "lead_time_days": NUMBER, "loaded_at": TIME,
    },
    "orders": {
        "order_id": TEXT, "customer_id": TEXT, "ordered_at": TIME, "status": TEXT,
        "discount_amount": MONEY, "channel": TEXT, "loaded_at": TIME,
    },
    "order_items": {
        "order_id": TEXT, "line_number": NUMBER, "product_id": TEXT, "quantity": NUMBER,
        "unit_price": MONEY,
    },
    "returns": {
        "return_id": TEXT, "order_id": TEXT, "product_id": TEXT, "quantity": NUMBER,
        "refund_amount": MONEY, "returned_at": TIME, "loaded_at": TIME,
    },
    "events": {
        "event_id": TEXT, "customer_id": TEXT, "session_id": TEXT, "event_type": TEXT,
        "product_id": TEXT, "search_query": TEXT, "occurred_at": TIME, "loaded_at": TIME,
    },
    "reviews": {
        "review_id": TEXT, "customer_id": TEXT, "product_id": TEXT, "rating": NUMBER,
        "review_text": TEXT, "reviewed_at": TIME, "loaded_at": TIME,
    },
    "campaign_contacts": {
        "campaign_id": TEXT, "customer_id": TEXT, "channel": TEXT, "contacted_at": TIME,
        "is_control": TRUTH, "loaded_at": TIME,
    },
}  # fmt: skip


def read_raw_tables(warehouse: Path, prefix: str) -> dict[str, pd.DataFrame]:
    """Return the raw tables that exist as text; ``prefix`` is such as ``raw.``."""
    tables = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for table in CONTRACT:
            every_column = "select cast(columns(*) as varchar)"
            with contextlib.suppress(duckdb.CatalogException):  # the table is optional
                tables[table] = connection.execute(f"{every_column} from {prefix}{table}").df()
    return tables


def typed_rows(rows: pd.DataFrame | None, table: str) -> pd.DataFrame:
    """Return the declared columns of a raw table, typed; ``None`` stands for a missing table."""
    columns = CONTRACT[table]
    rows = pd.DataFrame(columns=list(columns)) if rows is None else rows
    typed = pd.DataFrame(index=rows.index)
    typed["is_uncastable"] = False
    for name, kind in columns.items():
        text = rows[name] if name in rows else pd.Series(None, index=rows.index, dtype=object)
        text = text.astype("string").str.strip().replace("", pd.NA)
        typed[name] = _cast(text, kind)
        typed["is_uncastable"] |= text.notna() & typed[name].isna()
    if "loaded_at" not in columns:
        typed["loaded_at"] = pd.NaT
    return typed


def _cast(text: pd.Series, kind: str) -> pd.Series:
    if kind == TEXT:
        return text.astype(object).where(text.notna(), None)
    if kind == TRUTH:
        return text.str.lower().map({"true": True, "false": False}).astype(object)
    if kind == TIME:
        times = pd.to_datetime(text, errors="coerce", format="ISO8601")
        return times.astype("datetime64[us]")
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    numbers = numbers.where(np.isfinite(numbers))
    return (numbers * TICKS_PER_UNIT).round() if kind == MONEY else numbers
