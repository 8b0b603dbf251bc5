"""Writes a whole synthetic shop, chunk by chunk, in bounded memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from segml.synthetic.activity_tables import (
    contacts_table,
    events_table,
    returns_table,
    reviews_table,
)
from segml.synthetic.catalogue import build_catalogue
from segml.synthetic.dirt import Dirt
from segml.synthetic.dirty_tables import (
    dirty_contacts,
    dirty_customers,
    dirty_events,
    dirty_orders,
    dirty_products,
    dirty_returns,
    dirty_reviews,
)
from segml.synthetic.raw_tables import (
    consent_changes,
    customers_table,
    orders_tables,
    products_table,
)
from segml.synthetic.simulation import Simulation, simulate
from segml.synthetic.tables import RAW_SCHEMAS, TRUTH_SCHEMAS, Numbering
from segml.synthetic.truth_tables import customers_truth, snapshots_truth
from segml.synthetic.writing import FileFormat, TableFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from segml.synthetic.settings import ShopSettings


@dataclass(frozen=True)
class ShopSummary:
    """What was written: rows by table, dirty rows by kind as in ``DIRT_RATES``."""

    out_dir: Path
    as_of_date: date
    rows: dict[str, int]
    dirt: dict[str, int]


def generate_shop(
    settings: ShopSettings,
    out_dir: Path,
    *,
    file_format: FileFormat,
    progress: Callable[[str], None] | None = None,
    with_truth: bool = True,
) -> ShopSummary:
    """Write the raw tables of a synthetic shop, and its hidden truth.

    Parameters
    ----------
    settings : ShopSettings
        Size, dates and seed; the same settings give the same files.
    out_dir : Path
        Folder that gets ``raw_<table>.<format>``; files of an earlier shop are replaced.
    file_format : {"csv", "parquet"}
        Parquet files have one row group per chunk of customers.
    progress : callable, optional
        Called with one line of text after every chunk.
    with_truth : bool
        Whether to write ``truth/truth_customers`` and ``truth/truth_snapshots`` as well.

    Raises
    ------
    SegmlError
        When the folder cannot be written.
    """
    names = [*RAW_SCHEMAS, *(TRUTH_SCHEMAS if with_truth else ())]
    catalogue = build_catalogue()
    products_dirt = Dirt(np.random.default_rng([settings.seed, len(RAW_SCHEMAS)]), settings.dirt)
    counts = Counter[str]()
    numbers = Numbering()
    with TableFiles(out_dir, file_format, names) as files:
        products = dirty_products(products_dirt, products_table(catalogue, settings))
        files.write("raw_products", products)
        counts.update(products_dirt.counts)
        for first_customer, count, seed in settings.chunks():
            process_seed, table_seed = seed.spawn(2)
            simulation = simulate(settings, catalogue, first_customer, count, process_seed)
            rng = np.random.default_rng(table_seed)
            counts.update(_write_chunk(files, simulation, settings, numbers, rng))
            if with_truth:
                files.write("truth_customers", customers_truth(simulation, settings))
                files.write("truth_snapshots", snapshots_truth(simulation, settings))
            if progress is not None:
                progress(f"{first_customer + count:,} of {settings.customers:,} customers")
    return ShopSummary(out_dir, settings.as_of_date, files.rows, dict(counts))


def _write_chunk(
    files: TableFiles,
    simulation: Simulation,
    settings: ShopSettings,
    numbers: Numbering,
    rng: np.random.Generator,
) -> Counter[str]:
    """Write one chunk's raw tables and return its dirty rows by kind."""
    dirt = Dirt(rng, settings.dirt)
    dirt.counts["customers.bot"] = int(simulation.traits.is_bot.sum())
    dirt.counts["customers.wholesale"] = int(simulation.traits.is_wholesale.sum())
    customers = dirty_customers(dirt, customers_table(rng, simulation, settings))
    orders, items = orders_tables(rng, simulation, settings, numbers)
    returns = returns_table(simulation, settings, numbers)
    events = events_table(simulation, settings, numbers)
    reviews = reviews_table(simulation, settings, numbers)
    contacts = contacts_table(simulation, settings)
    numbers.count(orders=orders, returns=returns, events=events, reviews=reviews)
    duplicates = dirt.copies("customers.exact_duplicate", customers)
    changes = consent_changes(rng, customers, simulation, settings)
    files.write("raw_customers", pa.concat_tables([customers, changes, duplicates]))
    dirty = dirty_orders(dirt, orders, items, settings.as_of_date)
    files.write("raw_orders", dirty[0])
    files.write("raw_order_items", dirty[1])
    files.write("raw_returns", dirty_returns(dirt, returns))
    files.write("raw_events", dirty_events(dirt, events))
    files.write("raw_reviews", dirty_reviews(dirt, reviews))
    files.write("raw_campaign_contacts", dirty_contacts(dirt, contacts))
    return dirt.counts
