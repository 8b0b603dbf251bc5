"""Runs of the real command line on throw-away warehouses."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"
KEY = "a key for tests, not for people"


@dataclass(frozen=True)
class Workspace:
    """A warehouse of its own, with artifacts, report and dbt's own output beside it."""

    folder: Path
    target: str

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "SEGML_CI_DB": str(self.warehouse),
            "SEGML_DB": str(self.warehouse),
            "SEGML_PSEUDONYM_KEY": KEY,
            "SEGML_ARTIFACT_DIR": str(self.folder / "artifacts"),
            "SEGML_REPORT_PATH": str(self.folder / "report.html"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "SEGML_CANDIDATES": "logistic,boosting",
        }

    def segml(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one command and return what it printed, whatever its exit code."""
        return subprocess.run(
            [sys.executable, "-m", "segml", *arguments],
            cwd=ROOT,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run dbt itself, as an analytics engineer would."""
        return subprocess.run(
            [Path(sys.executable).with_name("dbt"), "--no-use-colors", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def run_loop(self, *arguments: str, **environment: str) -> dict:
        """Run the whole loop and return its summary."""
        done = self.segml("run", "--target", self.target, "--json", *arguments, **environment)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def empty_marts(self) -> set[str]:
        """Name the marts without rows."""
        marts = self.query("select table_name from duckdb_tables() where schema_name = 'marketing'")
        return {
            mart for (mart,) in marts if not self.value(f"select count(*) from marketing.{mart}")
        }

    def value(self, sql: str) -> object:
        return self.query(sql)[0][0]
