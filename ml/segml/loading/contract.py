"""The raw contract: every table and column that dbt's staging reads from schema ``raw``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.settings import LABELLED_CUSTOMERS, SHOP

if TYPE_CHECKING:
    from collections.abc import Iterable

MONEY = "decimal(18, 4)"  # exact, so sums do not depend on the order of rows
QUANTITY = "decimal(18, 3)"


@dataclass(frozen=True)
class RawTable:
    """One table of the contract.

    Parameters
    ----------
    columns : dict of str to str
        Column names and their DuckDB types, in order.
    required : tuple of str
        Columns that a mapping must fill; the others may be absent and are then null.
    data_set : str
        What the table belongs to: a load replaces the tables of one data set and leaves the
        other.
    """

    columns: dict[str, str]
    required: tuple[str, ...]
    data_set: str = SHOP


def _table(required: str, **columns: str) -> RawTable:
    return RawTable(columns | {"loaded_at": "timestamp"}, tuple(required.split()))


RAW_TABLES: dict[str, RawTable] = {
    "customers": _table(
        "customer_id",
        customer_id="varchar",
        birth_date="date",
        age="bigint",
        gender="varchar",
        annual_income=MONEY,
        country="varchar",
        registered_at="timestamp",
        marketing_consent="boolean",
        consent_updated_at="timestamp",
        email="varchar",
        phone="varchar",
    ),
    "products": _table(
        "product_id",
        product_id="varchar",
        product_name="varchar",
        category="varchar",
        unit_price=MONEY,
        unit_cost=MONEY,
        stock_on_hand=QUANTITY,
        lead_time_days="bigint",
    ),
    "orders": _table(
        "order_id customer_id ordered_at",
        order_id="varchar",
        customer_id="varchar",
        ordered_at="timestamp",
        status="varchar",
        discount_amount=MONEY,
        channel="varchar",
    ),
    "order_items": _table(
        "order_id line_number quantity unit_price",
        order_id="varchar",
        line_number="bigint",
        product_id="varchar",
        quantity=QUANTITY,
        unit_price=MONEY,
    ),
    "returns": _table(
        "return_id order_id returned_at",
        return_id="varchar",
        order_id="varchar",
        product_id="varchar",
        quantity=QUANTITY,
        refund_amount=MONEY,
        returned_at="timestamp",
    ),
    "events": _table(
        "event_id customer_id event_type occurred_at",
        event_id="varchar",
        customer_id="varchar",
        session_id="varchar",
        event_type="varchar",
        product_id="varchar",
        search_query="varchar",
        occurred_at="timestamp",
    ),
    "reviews": _table(
        "review_id customer_id reviewed_at",
        review_id="varchar",
        customer_id="varchar",
        product_id="varchar",
        rating="double",
        review_text="varchar",
        reviewed_at="timestamp",
    ),
    "campaign_contacts": _table(
        "campaign_id customer_id contacted_at",
        campaign_id="varchar",
        customer_id="varchar",
        channel="varchar",
        contacted_at="timestamp",
        is_control="boolean",
    ),
    "erasure_requests": _table(
        "customer_id",
        customer_id="varchar",
        requested_at="timestamp",
    ),
    LABELLED_CUSTOMERS: RawTable(
        columns={
            "user_id": "varchar",
            "age": "double",
            "income": "double",
            "frequency": "double",
            "purchase_amount": "double",
            "review_count": "double",
            "rating": "double",
            "category": "varchar",
            "class_name": "varchar",
            "own_numbers": "map(varchar, double)",
            "own_texts": "map(varchar, varchar)",
            "loaded_at": "timestamp",
        },
        required=("user_id",),
        data_set=LABELLED_CUSTOMERS,
    ),
}

REQUIRED_TABLES = {SHOP: ("orders", "order_items"), LABELLED_CUSTOMERS: (LABELLED_CUSTOMERS,)}


def data_set_of(tables: Iterable[str]) -> str:
    """Return the data set that tables of the contract belong to; the shop, if to several."""
    found = {RAW_TABLES[table].data_set for table in tables}
    return LABELLED_CUSTOMERS if found == {LABELLED_CUSTOMERS} else SHOP
