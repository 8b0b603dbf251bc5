"""What a publication says about itself: a JSON file, and a table beside the marts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from segml.warehouse import Warehouse

MANIFEST_NAME = "_published.json"


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """One published mart.

    Parameters
    ----------
    row_count : int
        Rows of the table, in the database and in the Parquet file alike.
    parquet_sha256 : str
        Hash of the Parquet file; equal rows give equal files.
    """

    table_name: str
    row_count: int
    parquet_sha256: str


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One consistent copy of the marts: what ``_published`` says about it.

    Parameters
    ----------
    publication_id : str
        Name of the version folder; sorts by time.
    published_at : datetime
        UTC.
    schema_version : str
        Hash of the names and types of all columns: another one means that a reader's columns
        may have changed.
    as_of_date : date or None
        The day the marts describe; None while there is no customer.
    scoring_id, model_version : str or None
        Of the newest predictions in the marts; None before any.
    """

    publication_id: str
    published_at: datetime
    segml_version: str
    schema_version: str
    as_of_date: date | None
    scoring_id: str | None
    model_version: str | None
    tables: tuple[PublishedTable, ...]


def write_manifest(warehouse: Warehouse, publication: Publication, draft: Path) -> None:
    """Write ``_published.json`` and the table ``_published``, which has a row per mart."""
    content = asdict(publication)
    (draft / MANIFEST_NAME).write_text(
        json.dumps(content, indent=2, default=_iso) + "\n", encoding="utf-8"
    )
    header = {name: value for name, value in content.items() if name != "tables"}
    rows = [header | table for table in content["tables"]]
    warehouse.execute(
        """
        create table published.marketing._published (
            publication_id varchar, published_at timestamp, segml_version varchar,
            schema_version varchar, as_of_date date, scoring_id varchar, model_version varchar,
            table_name varchar, row_count bigint, parquet_sha256 varchar
        )
        """
    )
    for row in rows:
        warehouse.execute(
            f"insert into published.marketing._published ({', '.join(row)}) "
            f"values ({', '.join('?' * len(row))})",
            list(row.values()),
        )


def _iso(value: date) -> str:
    return value.isoformat()
