"""What ``segml doctor`` checks: the parts that must fit together before a run can succeed."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from segml.errors import SegmlError
from segml.mart import read_plan
from segml.pseudonyms import read_or_create_key
from segml.registry import find_version
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segml.dbt import DbtProject
    from segml.warehouse import Warehouse

OLDEST_PYTHON = (3, 11)
SHOWN_LIBRARIES = ("dbt-core", "dbt-duckdb", "duckdb", "scikit-learn", "tensorflow", "keras")


@dataclass(frozen=True)
class Check:
    """One finding: status is ok, missing (a later step provides it) or problem."""

    name: str
    status: str
    found: str
    fix: str = ""


def check_health(project: DbtProject) -> list[Check]:
    """Look at interpreter, libraries, dbt profile, key, warehouse, mart and model, in that order.

    A check whose precondition is missing is left out: the first line that is not ok is the one
    to mend.
    """
    checks = [_interpreter(), _libraries()]
    try:
        path = project.warehouse_path()
    except SegmlError as error:
        return [*checks, Check("dbt profile", "problem", error.reason, error.fix)]
    checks.append(Check("dbt profile", "ok", f"target {project.target or 'default'}: {path}"))
    checks.append(_check("pseudonym key", "problem", _describe_key))
    if not path.exists():
        return [*checks, Check("warehouse", "missing", f"no file {path}", "Run `segml run`")]
    try:
        with open_warehouse(path, read_only=True) as warehouse:
            checks += _warehouse_checks(warehouse, path)
    except SegmlError as error:
        checks.append(Check("warehouse", "problem", error.reason, error.fix))
    return checks


def _interpreter() -> Check:
    name = f"Python {platform.python_version()}"
    if sys.version_info < OLDEST_PYTHON:
        return Check("interpreter", "problem", name, "Install Python 3.11 or newer")
    return Check("interpreter", "ok", name)


def _libraries() -> Check:
    found = ", ".join(f"{name} {version(name)}" for name in SHOWN_LIBRARIES)
    return Check("libraries", "ok", found)


def _describe_key() -> str:
    return f"{len(read_or_create_key())} bytes"


def _warehouse_checks(warehouse: Warehouse, path: Path) -> list[Check]:
    megabytes = path.stat().st_size / 1e6
    found = [Check("warehouse", "ok", f"{megabytes:,.1f} MB, not locked")]
    found.append(_check("feature mart", "missing", lambda: _describe_mart(warehouse)))
    found.append(_check("champion", "missing", lambda: find_version(warehouse).model_version))
    return found


def _describe_mart(warehouse: Warehouse) -> str:
    plan = read_plan(warehouse)
    return f"{len(plan.roles)} snapshots, newest {plan.as_of_date}"


def _check(name: str, status_if_not: str, describe: Callable[[], str]) -> Check:
    try:
        return Check(name, "ok", describe())
    except SegmlError as error:
        return Check(name, status_if_not, error.reason, error.fix)
