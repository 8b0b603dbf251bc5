"""dbt-duckdb plugin (see ``profiles.yml``): a place for the file, and the pseudonym key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt.adapters.duckdb.plugins import BasePlugin

from segml.pseudonyms import read_or_create_key, set_pseudonym_key

if TYPE_CHECKING:
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from duckdb import DuckDBPyConnection


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is untyped
    """Makes the pseudonym key known to every cursor, but not to any SQL text."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Read the key once per dbt process, creating the key file on first use."""
        key_file = plugin_config.get("key_file")
        self._key = read_or_create_key(Path(key_file) if key_file else None)

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:  # noqa: ARG002
        """Make the folder of the database file: DuckDB creates files only."""
        if creds.path != ":memory:":
            Path(creds.path).parent.mkdir(parents=True, exist_ok=True)

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Set the session variables; DuckDB keeps them per cursor."""
        set_pseudonym_key(cursor, self._key)
