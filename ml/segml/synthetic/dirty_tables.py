"""Which dirt goes into which raw table."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segml.synthetic.dirt import (
    EXTRA_LINE_NUMBER,
    FUTURE_TIME,
    IMPOSSIBLE_AGES,
    IMPOSSIBLE_RATINGS,
    NEGATIVE_INCOME,
    NOT_A_TIME,
    UNKNOWN_SUFFIX,
    Dirt,
    changed,
    renamed_copies,
    suffixed,
)

if TYPE_CHECKING:
    from datetime import date

RELOAD_DELAY_DAYS = (1, 10)


def dirty_products(dirt: Dirt, rows: pa.Table) -> pa.Table:
    """Blur some categories and lose some costs."""
    rows = dirt.noisy("products.noisy_category", rows, "category")
    return dirt.spoilt("products.missing_cost", rows, "unit_cost", (None,))


def dirty_customers(dirt: Dirt, rows: pa.Table) -> pa.Table:
    """Lose, blur and spoil attributes; keys and load times stay."""
    rows = _dirty_ages(dirt, rows)
    rows = dirt.spoilt("customers.negative_income", rows, "annual_income", (NEGATIVE_INCOME,))
    rows = dirt.spoilt("customers.missing_income", rows, "annual_income", (None,))
    rows = dirt.noisy("customers.noisy_gender", rows, "gender")
    rows = dirt.spoilt("customers.missing_gender", rows, "gender", (None,))
    rows = dirt.noisy("customers.noisy_country", rows, "country")
    rows = dirt.spoilt("customers.missing_country", rows, "country", (None,))
    rows = dirt.spoilt("customers.missing_email", rows, "email", (None,))
    rows = dirt.spoilt("customers.missing_consent", rows, "marketing_consent", (None,))
    return dirt.spoilt("customers.bad_timestamp", rows, "registered_at", (NOT_A_TIME,))


def dirty_orders(
    dirt: Dirt, orders: pa.Table, items: pa.Table, last_load: date
) -> tuple[pa.Table, pa.Table]:
    """Add status changes, test orders, broken and future times, orphans and bad lines."""
    junk = [
        renamed_copies(dirt, "orders.test", orders, "order_id", status="test"),
        renamed_copies(dirt, "orders.bad_timestamp", orders, "order_id", ordered_at=NOT_A_TIME),
        renamed_copies(dirt, "orders.future", orders, "order_id", ordered_at=FUTURE_TIME),
    ]
    orders, reloads = _reloaded(dirt, orders, last_load)
    duplicates = dirt.copies("orders.exact_duplicate", orders)
    bad_lines = [*_bad_lines(dirt, items), dirt.copies("order_items.exact_duplicate", items)]
    junk_lines = [_first_lines(dirt, items, extra["order_id"]) for extra in junk]
    return (
        pa.concat_tables([orders, *reloads, *junk, duplicates]),
        pa.concat_tables([items, *junk_lines, *bad_lines]),
    )


def dirty_returns(dirt: Dirt, rows: pa.Table) -> pa.Table:
    """Add duplicates and returns of unknown orders."""
    orphans = renamed_copies(dirt, "returns.orphan", rows, "return_id")
    orphans = changed(orphans, order_id=suffixed(orphans["order_id"], UNKNOWN_SUFFIX))
    return pa.concat_tables([rows, orphans, dirt.copies("returns.exact_duplicate", rows)])


def dirty_events(dirt: Dirt, rows: pa.Table) -> pa.Table:
    """Add duplicates, strangers and impossible times."""
    strangers = renamed_copies(dirt, "events.unknown_customer", rows, "event_id")
    strangers = changed(strangers, customer_id=suffixed(strangers["customer_id"], UNKNOWN_SUFFIX))
    return pa.concat_tables([
        rows,
        strangers,
        renamed_copies(dirt, "events.anonymous", rows, "event_id", customer_id=None),
        renamed_copies(dirt, "events.bad_timestamp", rows, "event_id", occurred_at=NOT_A_TIME),
        renamed_copies(dirt, "events.future", rows, "event_id", occurred_at=FUTURE_TIME),
        dirt.copies("events.exact_duplicate", rows),
    ])  # fmt: skip


def dirty_reviews(dirt: Dirt, rows: pa.Table) -> pa.Table:
    """Spoil some ratings, add duplicates and reviews from the future."""
    rows = dirt.spoilt("reviews.impossible_rating", rows, "rating", IMPOSSIBLE_RATINGS)
    rows = dirt.spoilt("reviews.missing_rating", rows, "rating", (None,))
    future = renamed_copies(dirt, "reviews.future", rows, "review_id", reviewed_at=FUTURE_TIME)
    return pa.concat_tables([rows, future, dirt.copies("reviews.exact_duplicate", rows)])


def dirty_contacts(dirt: Dirt, rows: pa.Table) -> pa.Table:
    """Add duplicates and contacts of unknown customers."""
    strangers = dirt.copies("campaign_contacts.unknown_customer", rows)
    strangers = changed(strangers, customer_id=suffixed(strangers["customer_id"], UNKNOWN_SUFFIX))
    duplicates = dirt.copies("campaign_contacts.exact_duplicate", rows)
    return pa.concat_tables([rows, strangers, duplicates])


def _dirty_ages(dirt: Dirt, rows: pa.Table) -> pa.Table:
    """Make some ages impossible, without a birth date to correct them, and lose others."""
    impossible = dirt.rows("customers.impossible_age", rows.num_rows)
    ages = np.array(IMPOSSIBLE_AGES)[dirt.rng.integers(0, len(IMPOSSIBLE_AGES), len(impossible))]
    birth_date, age = rows["birth_date"].to_pylist(), rows["age"].to_pylist()
    for position, value in zip(impossible, ages.tolist(), strict=True):
        birth_date[position], age[position] = None, value
    for position in dirt.rows("customers.missing_age", rows.num_rows):
        birth_date[position] = age[position] = None
    return changed(
        rows, birth_date=pa.array(birth_date, pa.string()), age=pa.array(age, pa.int64())
    )


def _reloaded(dirt: Dirt, orders: pa.Table, last_load: date) -> tuple[pa.Table, list[pa.Table]]:
    """Let some orders first arrive as pending or completed, and again with their final status."""
    loaded = pc.cast(orders["loaded_at"], pa.timestamp("s"))
    limit = pa.scalar(last_load - timedelta(days=RELOAD_DELAY_DAYS[1]), pa.date32())
    in_time = pc.less(loaded, pc.cast(limit, pa.timestamp("s"))).to_numpy()
    is_cancelled = pc.equal(orders["status"], "cancelled").to_numpy()
    first_status = orders["status"]
    reloads = []
    for kind, status, candidates in (
        ("orders.reloaded_pending", "pending", np.flatnonzero(in_time & ~is_cancelled)),
        ("orders.reloaded_cancelled", "completed", np.flatnonzero(in_time & is_cancelled)),
    ):
        chosen = candidates[dirt.rows(kind, len(candidates))]
        days = dirt.rng.integers(*RELOAD_DELAY_DAYS, len(chosen), endpoint=True)
        later = pc.add(
            loaded.take(pa.array(chosen)),
            pa.array(days.astype("timedelta64[D]").astype("timedelta64[s]")),
        )
        reloads.append(
            changed(orders.take(pa.array(chosen)), loaded_at=pc.cast(later, pa.string()))
        )
        mask = np.zeros(orders.num_rows, dtype=bool)
        mask[chosen] = True
        first_status = pc.if_else(pa.array(mask), status, first_status)
    return changed(orders, status=first_status), reloads


def _bad_lines(dirt: Dirt, items: pa.Table) -> list[pa.Table]:
    """Return orphan lines, and impossible further lines of real orders."""
    orphans = dirt.copies("order_items.orphan", items)
    orphans = changed(orphans, order_id=suffixed(orphans["order_id"], UNKNOWN_SUFFIX))
    quantity = dirt.copies("order_items.non_positive_quantity", items)
    quantity = changed(quantity, quantity=_alternating(quantity.num_rows, (0, -1), pa.int64()))
    price = dirt.copies("order_items.non_positive_price", items)
    price_type = items.schema.field("unit_price").type
    price = changed(price, unit_price=_alternating(price.num_rows, (0, -5), price_type))
    extra = [
        changed(rows, line_number=pc.add(rows["line_number"], offset))
        for rows, offset in ((quantity, EXTRA_LINE_NUMBER), (price, 2 * EXTRA_LINE_NUMBER))
    ]
    return [orphans, *extra]


def _first_lines(dirt: Dirt, items: pa.Table, order_ids: pa.ChunkedArray) -> pa.Table:
    """Return one line with random content for each given order."""
    if items.num_rows == 0:
        return items
    sample = items.take(pa.array(dirt.rng.integers(0, items.num_rows, len(order_ids))))
    return changed(sample, order_id=order_ids, line_number=1)


def _alternating(count: int, values: tuple[int, ...], kind: pa.DataType) -> pa.Array:
    return pa.array([values[position % len(values)] for position in range(count)], kind)
