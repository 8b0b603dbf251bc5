"""One consistent copy of the marketing marts, shown all at once or not at all."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segml import __version__
from segml.errors import PublishingError
from segml.files import draft_folder, sha256_of
from segml.loading.sql import sql_name, sql_text
from segml.pseudonyms import PERSONAL_COLUMNS
from segml.publishing.folder import (
    DATABASE_NAME,
    VERSIONS,
    prune,
    publication_id_at,
    require_own_links,
    show,
)
from segml.publishing.manifest import Publication, PublishedTable, write_manifest
from segml.warehouse import EngineError, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segml.warehouse import Warehouse

STORAGE_VERSION = "v1.0.0"  # DuckDB 1.0 and newer read it
FINGERPRINT_LENGTH = 12


def publish(
    warehouse_path: Path, folder: Path, progress: Callable[[str], None] = lambda _: None
) -> Publication:
    """Copy the marketing marts into one read-only DuckDB file and a Parquet file each.

    Each publication is a folder of its own below ``versions``; ``current`` is a link to the newest
    one, and ``segments.duckdb`` a link into it. One rename of ``current`` switches all files at
    once: a reader sees the version before or the version after, never parts of both, and keeps
    what it has opened. Older versions stay until nobody can be reading them any more.

    Parameters
    ----------
    folder : Path
        Where BI tools look; complete or as before, whatever happens.

    Raises
    ------
    PublishingError
        When there are no marts, one of them holds personal data or cannot be copied, or
        something else lies in the place of a link.
    WarehouseError
        When the warehouse is missing or stays in use.
    """
    require_own_links(folder)
    versions = folder / VERSIONS
    published_at = datetime.now(UTC).replace(tzinfo=None)
    publication_id = publication_id_at(published_at)
    with (
        open_warehouse(warehouse_path, read_only=True) as warehouse,
        draft_folder(versions, publication_id) as draft,
    ):
        names = _marts(warehouse)
        _attach(warehouse, draft / DATABASE_NAME)
        tables = tuple(_copy(warehouse, name, draft, progress) for name in names)
        publication = Publication(
            publication_id=publication_id,
            published_at=published_at,
            segml_version=__version__,
            schema_version=_schema_version(warehouse),
            **_origin(warehouse),
            tables=tables,
        )
        write_manifest(warehouse, publication, draft)
        warehouse.execute("detach published")
        show(folder, draft, publication_id)
    prune(versions, published_at)
    return publication


def _marts(warehouse: Warehouse) -> list[str]:
    """Return the names of the marts, refusing columns that name a person."""
    if not warehouse.has_table("marketing", "customer_segments"):
        raise PublishingError(
            f"{warehouse.path} has no marketing marts to publish",
            "Run `dbt build` or `segml run` first",
        )
    columns = warehouse.rows(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'marketing' order by table_name, ordinal_position"
    )
    for table, column in columns:
        if column.lower() in PERSONAL_COLUMNS:
            raise PublishingError(
                f"marketing.{table} holds personal data in column {column}",
                "Remove the column from the mart; only customer_key may name a customer",
            )
    return list(dict.fromkeys(table for table, _ in columns))


def _attach(warehouse: Warehouse, path: Path) -> None:
    warehouse.execute(
        f"attach {sql_text(str(path))} as published "
        f"(read_only false, storage_version {sql_text(STORAGE_VERSION)})"
    )
    warehouse.execute("create schema published.marketing")


def _copy(
    warehouse: Warehouse, name: str, draft: Path, progress: Callable[[str], None]
) -> PublishedTable:
    """Copy a mart in an order of its own, so that equal rows give equal files."""
    progress(name)
    table, file = f"published.marketing.{sql_name(name)}", draft / f"{name}.parquet"
    try:
        warehouse.execute(f"create table {table} as from marketing.{sql_name(name)} order by all")
        warehouse.execute(f"copy {table} to {sql_text(str(file))} (format parquet)")
    except EngineError as error:
        raise PublishingError(
            f"marketing.{name} cannot be published: {str(error).splitlines()[0]}",
            "Run `dbt build` to build it anew",
        ) from None
    return PublishedTable(
        table_name=name,
        row_count=warehouse.value(f"select count(*) from {table}"),
        parquet_sha256=sha256_of(file),
    )


def _schema_version(warehouse: Warehouse) -> str:
    columns = warehouse.rows(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_catalog = 'published' order by table_name, column_name"
    )
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:FINGERPRINT_LENGTH]


def _origin(warehouse: Warehouse) -> dict[str, Any]:
    """Return the day that the published rows describe and the scoring they come from."""
    as_of_date, model_version, scored_at = warehouse.rows(
        "select max(as_of_date), arg_max(model_version, scored_at), max(scored_at) "
        "from published.marketing.customer_segments"
    )[0]
    scorings = (
        warehouse.rows(
            "select scoring_id from ml.scorings where model_version = ? and scored_at = ?",
            [model_version, scored_at],
        )
        if scored_at is not None
        else []
    )
    return {
        "as_of_date": as_of_date,
        "model_version": model_version,
        "scoring_id": scorings[0][0] if scorings else None,
    }
