"""Throw-away dbt projects that run macros and models of this one over tables of a test."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import yaml

from tests.ml.dbt_in_process import run_dbt

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

ROOT = Path(__file__).parents[2]
PROJECT = {
    "name": "segml",
    "version": "1.0.0",
    "profile": "segml",
    "macro-paths": [str(ROOT / "macros")],
    "flags": {"validate_macro_args": True},
    "vars": {"raw_schema": "raw"},
    "models": {"+materialized": "table"},
    "seeds": {"segml": {"feature_binning": {"+column_types": {"custom_edges": "varchar"}}}},
}
PROFILE = {
    "segml": {
        "target": "ci",
        "outputs": {"ci": {"type": "duckdb", "path": "{{ env_var('SEGML_CI_DB') }}"}},
    }
}


def write_project(folder: Path, models: Mapping[str, str], files: tuple[str, ...] = ()) -> Path:
    """Write a project of ``models`` (name to SQL), and of ``files`` copied from this one."""
    for name in ("models", "seeds"):
        (folder / name).mkdir(parents=True)
    shutil.copy(ROOT / "models/staging/shop/_shop__sources.yml", folder / "models")
    for name, sql in models.items():
        (folder / "models" / f"{name}.sql").write_text(sql, encoding="utf-8")
    for file in files:
        shutil.copy(ROOT / file, folder / "models")
    for name, document in {"dbt_project.yml": PROJECT, "profiles.yml": PROFILE}.items():
        (folder / name).write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder


class Results:
    """The tables that one build made of the tables of a test, by name."""

    def __init__(
        self, folder: Path, project: Path, tables: Mapping[str, pd.DataFrame], **variables: object
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "ci.duckdb"
        with duckdb.connect(str(self.path)) as connection:
            for name, frame in tables.items():
                connection.register("given_rows", frame)
                connection.execute(f"create table {name} as select * from given_rows")
                connection.unregister("given_rows")
        for result in run_dbt(folder, "build", project, **variables).results:
            assert str(result.status) == "success", result.message

    def __call__(self, sql: str) -> pd.DataFrame:
        """Return the rows of a query."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(sql).df()
