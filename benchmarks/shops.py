"""A synthetic shop in a warehouse of its own, loaded and built as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import Spent, spent_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
SEGML = (sys.executable, "-m", "segml")


def environment_of(folder: Path) -> dict[str, str]:
    """Return the environment that keeps everything that a shop leaves behind in its folder."""
    return os.environ | {
        "SEGML_DB": str(folder / "warehouse.duckdb"),
        "SEGML_ARTIFACT_DIR": str(folder / "artifacts"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


def make_shop(customers: int, folder: Path) -> None:
    """Write a synthetic shop unless its files are there already, and load it."""
    environment, shop = environment_of(folder), str(folder / "shop")
    if not Path(shop).exists():
        generate = ("demo-data", "--customers", str(customers), "--no-truth", "--out", shop)
        subprocess.run(
            [*SEGML, *generate], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
        )
    load = ("load", "examples/contract_files.yml", "--data", shop)
    subprocess.run(
        [*SEGML, *load], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
    )


def build(
    folder: Path, variables: Mapping[str, object], select: Sequence[str], *options: str
) -> Spent:
    """Build models and nothing else."""
    return run_dbt(
        folder,
        *("build", "--vars", json.dumps(dict(variables))),
        *("--exclude-resource-type", "test", "unit_test", "--select", *select, *options),
    )


def run_dbt(folder: Path, *arguments: str) -> Spent:
    """Run dbt as a process of its own, whose memory is its own, too."""
    dbt = str(Path(sys.executable).with_name("dbt"))
    command = [dbt, "--quiet", *arguments, "--target", "dev"]
    return spent_by(command, cwd=ROOT, env=environment_of(folder))
