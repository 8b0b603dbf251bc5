"""dbt-duckdb plugin (see ``profiles.yml``): a place for the file, and the pseudonym key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt.adapters.duckdb.plugins import BasePlugin

from segml.pseudonyms import KEY_VARIABLE, read_or_create_key, set_pseudonym_key

if TYPE_CHECKING:
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from duckdb import DuckDBPyConnection


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is untyped
    """Makes the pseudonym key known to every cursor, but not to any SQL text."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Read the key once per dbt process, creating the key file on first use.

        ``public_key`` is for synthetic customers only: it makes their pseudonyms, and with them
        every hashed split, the same on every machine. A key in the environment wins.
        """
        public_key = plugin_config.get("public_key")
        if public_key and KEY_VARIABLE not in os.environ:
            self._key = public_key.encode()
        else:
            self._key = read_or_create_key()

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:  # noqa: ARG002
        """Make the folder of the database file: DuckDB creates files only."""
        if creds.path != ":memory:":
            Path(creds.path).parent.mkdir(parents=True, exist_ok=True)

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Set the session variables; DuckDB keeps them per cursor."""
        set_pseudonym_key(cursor, self._key)
