"""Random changes of raw tables that nobody could have known of before a chosen day."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd

# the column that says when a row happened, in tables that have one
EVENT_TIMES = {
    "customers": "registered_at",
    "orders": "ordered_at",
    "returns": "returned_at",
    "events": "occurred_at",
    "reviews": "reviewed_at",
    "campaign_contacts": "contacted_at",
}
KEYS = {
    "customers": "customer_id",
    "products": "product_id",
    "orders": "order_id",
    "order_items": "line_number",
    "returns": "return_id",
    "events": "event_id",
    "reviews": "review_id",
    "campaign_contacts": "campaign_id",
}
STRANGE_VALUES = [None, "", "-1", "0", "1e300", "not a value", "1970-01-01", "2099-12-31", "ÄÖ"]
BURST_SIZE = 150


def mutate_from(connection: duckdb.DuckDBPyConnection, day: str, seed: int) -> dict[str, int]:
    """Delete, change and add rows known from ``day`` on in every table of the schema ``raw``.

    A table without ``loaded_at`` gets it, so that rows about the past can arrive late. Returns the
    number of rows that differ from before, per table.
    """
    random = np.random.default_rng(seed)
    start = pd.Timestamp(day)
    before = {table: _read(connection, table) for table in KEYS}
    late_orders = _orders_known_only_from(before["orders"], start)
    after = {}
    for table, rows in before.items():
        if table == "order_items":
            is_late = rows.order_id.isin(late_orders)
        else:
            is_late = _known_at(rows, EVENT_TIMES.get(table)) >= start
        after[table] = _mutated(rows, is_late, table, start, random)
    after["events"] = pd.concat([after["events"], _late_burst(before["events"], start)])
    after["orders"] = pd.concat([after["orders"], _moved_back(before, start)])
    for table, rows in after.items():
        _write(connection, table, rows)
    return {
        table: int((~_as_set(after[table]).isin(_as_set(before[table]))).sum()) for table in after
    }


def _read(connection: duckdb.DuckDBPyConnection, table: str) -> pd.DataFrame:
    rows = connection.execute(f"from raw.{table}").df().astype(object)
    rows = rows.where(rows.notna(), None)
    if table != "order_items" and "loaded_at" not in rows:
        rows["loaded_at"] = None
    return rows


def _write(connection: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame) -> None:
    columns = ", ".join(f"{name} varchar" for name in rows)
    connection.execute(f"create or replace table raw.{table} ({columns})")
    connection.register("mutated_rows", rows.astype("string"))
    connection.execute(f"insert into raw.{table} from mutated_rows")
    connection.unregister("mutated_rows")


def _as_set(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(list(map(repr, rows.itertuples(index=False, name=None))), dtype=object)


def _known_at(rows: pd.DataFrame, event_time: str | None) -> pd.Series:
    """The later of event and load; a row without either was always known."""
    times = [rows["loaded_at"]] + ([rows[event_time]] if event_time else [])
    parsed = [pd.to_datetime(time, errors="coerce", format="ISO8601") for time in times]
    return pd.concat(parsed, axis=1).max(axis=1)


def _orders_known_only_from(orders: pd.DataFrame, start: pd.Timestamp) -> set[str]:
    known_at = _known_at(orders, "ordered_at")
    is_late = known_at >= start
    return set(orders.order_id[is_late]) - set(orders.order_id[~is_late])


def _mutated(
    rows: pd.DataFrame,
    is_late: pd.Series,
    table: str,
    start: pd.Timestamp,
    random: np.random.Generator,
) -> pd.DataFrame:
    late = rows[is_late]
    fate = random.choice(["keep", "delete", "change"], size=len(late), p=[0.4, 0.3, 0.3])
    changed = _changed(late[fate == "change"], rows, table, start, random)
    if table == "order_items":
        added = late.sample(frac=0.2, random_state=random)
        added["line_number"] = [str(100 + position) for position in range(len(added))]
        added = _changed(added, rows, table, start, random)
    else:
        added = _late_versions(rows, table, start, random)
    parts = [rows[~is_late], late[fate == "keep"], changed, added]
    return pd.concat(parts).sample(frac=1, random_state=random)


def _late_versions(
    rows: pd.DataFrame, table: str, start: pd.Timestamp, random: np.random.Generator
) -> pd.DataFrame:
    """Copies of rows of any age, loaded late: new versions of them, or new rows about the past."""
    copies = rows.sample(n=min(len(rows), 400), random_state=random)
    is_new = random.random(len(copies)) < 0.5
    copies[KEYS[table]] = copies[KEYS[table]].where(~is_new, "new " + copies[KEYS[table]])
    return _changed(copies, rows, table, start, random)


def _changed(
    chosen: pd.DataFrame,
    rows: pd.DataFrame,
    table: str,
    start: pd.Timestamp,
    random: np.random.Generator,
) -> pd.DataFrame:
    """Give every column other values of the table or strange ones; load all rows from start on."""
    changed = chosen.copy()
    for name in changed.columns.difference([KEYS[table], "order_id"]):
        pool = np.concatenate([rows[name].to_numpy(), np.repeat(STRANGE_VALUES, len(rows) // 50)])
        is_hit = random.random(len(changed)) < 0.3
        changed.loc[is_hit, name] = random.choice(pool, size=int(is_hit.sum()))
    if "loaded_at" in changed:
        minutes = random.integers(0, 60 * 24 * 90, size=len(changed))
        minutes[random.random(len(changed)) < 0.2] = 0
        changed["loaded_at"] = (start + pd.to_timedelta(minutes, unit="m")).astype(str)
    return changed


def _late_burst(events: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    """Events of one busy past day of one customer: a machine, but seen as such only later."""
    known = events[_known_at(events, "occurred_at") < start]
    last = known[known.customer_id.notna()].iloc[[-1]]
    burst = pd.concat([last] * BURST_SIZE)
    burst["event_id"] = [f"burst {position}" for position in range(BURST_SIZE)]
    burst["loaded_at"] = str(start)
    return burst


def _moved_back(before: dict[str, pd.DataFrame], start: pd.Timestamp) -> pd.DataFrame:
    """Later versions of orders that date them back, before returns that came too early for them."""
    orders, returns = before["orders"], before["returns"].set_index("order_id")
    orders = orders[_known_at(orders, "ordered_at") < start]
    first_return = pd.to_datetime(
        orders.order_id.map(returns.groupby("order_id").returned_at.min()), errors="coerce"
    )
    early = orders[first_return < pd.to_datetime(orders.ordered_at, errors="coerce")].copy()
    early["ordered_at"] = (first_return[early.index] - pd.Timedelta(hours=1)).astype(str)
    early["loaded_at"] = str(start)
    return early
