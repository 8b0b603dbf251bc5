"""Runs of dbt in this process, with files of their own and the database closed afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def run_dbt(folder: Path, command: str, project: Path, *, target: str = "ci", **variables) -> Any:
    """Run one command and return its result; a failed test is a result, not an error.

    ``folder`` holds the database ``{target}.duckdb`` and everything that dbt writes.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    arguments = [
        "--quiet",
        "--log-level-file=none",
        command,
        f"--project-dir={project}",
        f"--profiles-dir={project}",
        f"--target={target}",
        f"--target-path={folder / target}",
        f"--vars={json.dumps(variables)}",
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SEGML_CI_DB", str(folder / "ci.duckdb"))
        patch.setenv("SEGML_DB", str(folder / "dev.duckdb"))
        patch.setenv("SEGML_PSEUDONYM_KEY", "a key for tests, not for people")
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        try:
            outcome = dbtRunner().invoke(arguments)
        finally:
            DuckDBConnectionManager.close_all_connections()
    assert outcome.exception is None, outcome.exception
    return outcome.result
