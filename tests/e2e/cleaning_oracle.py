"""The cleaning rules of the raw contract once more, in pandas: an oracle for the staging layer.

Written from the rules' descriptions, not from the SQL.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tests.e2e.raw_mutations import EVENT_TIMES
from tests.e2e.raw_oracle import CONTRACT, TICKS_PER_UNIT, typed_rows

BOT_EVENTS_PER_DAY = 100
LARGEST_QUANTITY = 1_000_000
LARGEST_PRICE = 10_000_000
EARLIEST, LATEST = pd.Timestamp("1990-01-01"), pd.Timestamp("2050-01-01")
ALWAYS = pd.Timestamp("1900-01-01")
KEYS = {
    "customers": ["customer_id"],
    "products": ["product_id"],
    "orders": ["order_id"],
    "order_items": ["order_id", "line_number"],
    "returns": ["return_id"],
    "events": ["event_id"],
    "reviews": ["review_id"],
    "campaign_contacts": ["campaign_id", "customer_id", "channel", "contacted_at"],
}
Rule = tuple[str, pd.Series]


@dataclass(frozen=True)
class CleanShop:
    """Kept rows per table with ``known_from`` and ``known_until``, and what became of all rows."""

    kept: dict[str, pd.DataFrame]
    outcomes: dict[str, dict[str, int]]

    def known_at(self, table: str, day: pd.Timestamp) -> pd.DataFrame:
        """Return the versions that were current as of a day boundary."""
        rows = self.kept[table]
        return rows[(rows.known_from < day) & ~(rows.known_until < day)]


def clean_shop(raw: dict[str, pd.DataFrame]) -> CleanShop:
    """Judge every row of the raw tables, given as text."""
    judged: dict[str, pd.DataFrame] = {}
    typed = {table: typed_rows(raw.get(table), table) for table in CONTRACT}
    for table, rows in typed.items():  # customers and orders come before what refers to them
        judged[table] = _judge(rows, table, judged)
    kept = {table: rows[rows.outcome == "kept"] for table, rows in judged.items()}
    outcomes = {table: rows.outcome.value_counts().to_dict() for table, rows in judged.items()}
    return CleanShop(kept, outcomes)


def _judge(rows: pd.DataFrame, table: str, judged: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows = rows.assign(known_from=_known_from(rows, table))
    rules = _rules(rows, table, judged)
    reasons = np.select([mask.fillna(True) for _, mask in rules], [name for name, _ in rules], "")
    rows["outcome"] = pd.Series(reasons, index=rows.index, dtype=object).replace("", "kept")
    return _with_versions(rows, list(CONTRACT[table]), KEYS[table])


def _known_from(rows: pd.DataFrame, table: str) -> pd.Series:
    """The later of event and load; what has no event time was always true."""
    if table in EVENT_TIMES:
        event = rows[EVENT_TIMES[table]]
    else:
        event = pd.Series(ALWAYS, index=rows.index, dtype="datetime64[us]")
    if table == "customers":
        event = event.fillna(ALWAYS)
    return event.where(~(rows.loaded_at > event), rows.loaded_at)


def _rules(rows: pd.DataFrame, table: str, judged: dict[str, pd.DataFrame]) -> list[Rule]:
    """Return the rejection rules of a table in their order."""
    key = KEYS[table]
    if table in {"customers", "products"}:  # a bad value is blanked, the row stays
        return _missing(rows, *key)
    broken = [("uncastable_value", rows.is_uncastable)]
    if table == "orders":
        discount = rows.discount_amount / TICKS_PER_UNIT
        impossible = (discount < 0) | (discount > LARGEST_PRICE)
        missing = _missing(rows, "order_id", "customer_id", "ordered_at")
        return [*broken, *missing, *_time(rows, table), ("impossible_discount", impossible)]
    if table == "order_items":
        return broken + _missing(rows, *key) + _line_rules(rows, _kept(judged, "orders"))
    if table == "returns":
        missing = _missing(rows, "return_id", "returned_at")
        refund_rules = _refund_rules(rows, _kept(judged, "orders"))
        return broken + missing + _time(rows, table) + refund_rules
    customers = {*_kept(judged, "customers").customer_id, *_kept(judged, "orders").customer_id}
    unknown = [("unknown_customer", ~rows.customer_id.isin(customers))]
    if table == "events":
        unknown = [("unknown_customer", unknown[0][1] & rows.customer_id.notna())]
        missing = _missing(rows, "event_id", "event_type", "occurred_at")
        return broken + missing + _time(rows, table) + [("bot", _is_bot(rows))] + unknown
    missing = _missing(rows, key[0], "customer_id", EVENT_TIMES[table])
    rating_rules = []
    if table == "reviews":
        rating_rules = [
            ("missing_rating", rows.rating.isna()),
            ("impossible_rating", ~rows.rating.between(1, 5)),
        ]
    return broken + missing + _time(rows, table) + rating_rules + unknown


def _kept(judged: dict[str, pd.DataFrame], table: str) -> pd.DataFrame:
    return judged[table][judged[table].outcome == "kept"]


def _line_rules(lines: pd.DataFrame, orders: pd.DataFrame) -> list[Rule]:
    price = lines.unit_price / TICKS_PER_UNIT
    is_possible = (lines.quantity > 0) & (lines.quantity <= LARGEST_QUANTITY)
    return [
        ("orphan_order_line", ~lines.order_id.isin(orders.order_id)),
        ("impossible_quantity", ~is_possible),
        ("impossible_price", ~price.between(0, LARGEST_PRICE)),
    ]


def _refund_rules(returns: pd.DataFrame, orders: pd.DataFrame) -> list[Rule]:
    first_versions = orders.sort_values("known_from").groupby("order_id").ordered_at.first()
    ordered_at = returns.order_id.map(first_versions)
    refund = returns.refund_amount / TICKS_PER_UNIT
    is_impossible = (returns.quantity <= 0) | (returns.quantity > LARGEST_QUANTITY)
    return [
        ("orphan_return", ordered_at.isna()),
        ("returned_before_order", returns.returned_at < ordered_at),
        ("impossible_quantity", is_impossible),
        ("impossible_refund", ~refund.between(0, LARGEST_PRICE * LARGEST_QUANTITY)),
    ]


def _missing(rows: pd.DataFrame, *columns: str) -> list[Rule]:
    return [(f"missing_{column}", rows[column].isna()) for column in columns]


def _time(rows: pd.DataFrame, table: str) -> list[Rule]:
    time = rows[EVENT_TIMES[table]]
    return [
        ("future_dated", time > rows.loaded_at + pd.Timedelta(days=1)),
        ("implausible_date", (time < EARLIEST) | (time >= LATEST)),
    ]


def _is_bot(events: pd.DataFrame) -> pd.Series:
    """Whether a visitor has more events on a day than a person could cause."""
    visitor = ("customer " + events.customer_id.astype("string")).fillna(
        "session " + events.session_id.astype("string")
    )
    days = [visitor, events.occurred_at.dt.floor("D"), events.known_from.dt.floor("D")]
    counts = events.groupby(days).event_id.transform("nunique")
    return counts > BOT_EVENTS_PER_DAY


def _with_versions(rows: pd.DataFrame, declared: list[str], key: list[str]) -> pd.DataFrame:
    """Reject repetitions; give each remaining version of a key the time until which it holds."""
    content = [column for column in declared if column != "loaded_at"]
    order = [*key, "known_from", "loaded_at", *content]
    valid = rows[rows.outcome == "kept"].copy()
    valid["loaded_at"] = valid.loaded_at.fillna(pd.Timestamp.min.ceil("us"))
    valid["content"] = valid.groupby(content, dropna=False).ngroup()
    valid = valid.sort_values(order, na_position="last")
    same_time = valid.groupby([*key, "known_from"], dropna=False)
    last_content = same_time.content.transform("last")
    is_version = same_time.cumcount(ascending=False) == 0
    valid.loc[~is_version, "outcome"] = np.where(
        valid.content == last_content, "exact_duplicate", "duplicate_key"
    )[~is_version]
    versions = valid[is_version]
    is_unchanged = versions.content == versions.groupby(key, dropna=False).content.shift()
    valid.loc[is_unchanged[is_unchanged].index, "outcome"] = "exact_duplicate"
    kept = valid[valid.outcome == "kept"]
    valid["known_until"] = kept.groupby(key, dropna=False).known_from.shift(-1)
    return rows.assign(
        outcome=valid.outcome.reindex(rows.index).fillna(rows.outcome),
        known_until=valid.known_until.reindex(rows.index),
    )
