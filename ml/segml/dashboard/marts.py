"""The newest publication as the pages read it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from segml.publishing import CURRENT, DATABASE_NAME, MANIFEST_NAME
from segml.reporting.language import ENGLISH
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

CACHED_QUERIES = 200


@dataclass(frozen=True)
class Marts:
    """One publication: all of a page comes from the same version.

    Parameters
    ----------
    folder : Path
        The version's own folder, not the link to the newest one.
    manifest : dict
        Content of ``_published.json``.
    """

    folder: Path
    manifest: dict[str, Any]

    def has(self, table: str) -> bool:
        """Tell whether a mart was published and holds rows."""
        return any(
            item["table_name"] == table and item["row_count"] > 0
            for item in self.manifest["tables"]
        )

    def frame(self, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """Return the rows of a query over ``marketing.*``."""
        return _frame(str(self.folder / DATABASE_NAME), sql, tuple(parameters))

    def columns(self, table: str) -> list[str]:
        """Return the names of a mart's columns, none when it was not published."""
        names = self.frame(
            "select column_name from information_schema.columns "
            "where table_schema = 'marketing' and table_name = ? order by ordinal_position",
            [table],
        )
        return names["column_name"].tolist()

    def origin(self) -> str:
        """Return where the figures come from, in words."""
        as_of = self.manifest["as_of_date"]
        described = ENGLISH.day(date.fromisoformat(as_of)) if as_of else "no day"
        published = datetime.fromisoformat(self.manifest["published_at"])
        model = self.manifest["model_version"] or "no model yet"
        return (
            f"Customers as of **{described}**  \nModel {model}  \n"
            f"Published {ENGLISH.day(published)}, {published:%H:%M} UTC"
        )


def newest(folder: Path) -> Marts:
    """Return the current publication of a folder, which stays whole when a newer one comes."""
    version = (folder / CURRENT).resolve()
    return Marts(version, json.loads((version / MANIFEST_NAME).read_text(encoding="utf-8")))


@st.cache_data(max_entries=CACHED_QUERIES, show_spinner=False)
def _frame(database: str, sql: str, parameters: tuple[Any, ...]) -> pd.DataFrame:
    with open_warehouse(Path(database), read_only=True) as warehouse:
        return warehouse.frame(sql, list(parameters))
