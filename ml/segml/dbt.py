"""dbt's own project and profile: where the warehouse is, and how to build it."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segml.errors import SegmlError, WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SHOWN_FAILURES = 3
DEFAULT_RAW_SCHEMA = "raw"


class DbtError(SegmlError):
    """dbt could not read the project or build a model."""


@dataclass(frozen=True, kw_only=True)
class DbtProject:
    """A dbt project as the options of one command see it.

    Parameters
    ----------
    project_dir : Path
        Folder with ``dbt_project.yml``.
    profiles_dir : Path, optional
        Folder with ``profiles.yml``; dbt's own search order when absent.
    target : str, optional
        Profile target; the profile's default when absent.
    variables : dict
        dbt variables of this command, as with ``dbt --vars``.
    """

    project_dir: Path
    profiles_dir: Path | None = None
    target: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)

    def arguments(self) -> list[str]:
        """Return the options that make dbt see the same project."""
        options = ["--project-dir", str(self.project_dir)]
        if self.profiles_dir is not None:
            options += ["--profiles-dir", str(self.profiles_dir)]
        if self.target is not None:
            options += ["--target", self.target]
        if self.variables:
            options += ["--vars", json.dumps(self.variables)]
        return options

    def warehouse_path(self) -> Path:
        """Return the DuckDB file of the target, as dbt resolves it.

        Raises
        ------
        DbtError
            When there is no project or profile here, or no such target.
        WarehouseError
            When the target is not a DuckDB file.
        """
        credentials = self._credentials()
        if credentials.type != "duckdb" or credentials.path == ":memory:":
            raise WarehouseError(
                f"Target {self.target or 'default'} of profile is not a DuckDB file",
                "Name a file under `path` in profiles.yml",
            )
        return self.project_dir / str(credentials.path)

    def variable(self, name: str) -> Any:  # noqa: ANN401
        """Return a dbt variable: of this command, or of ``dbt_project.yml``."""
        import yaml

        if name in self.variables:
            return self.variables[name]
        text = (self.project_dir / "dbt_project.yml").read_text(encoding="utf-8")
        return yaml.safe_load(text).get("vars", {}).get(name)

    def _credentials(self) -> Any:  # noqa: ANN401  (dbt is untyped)
        from argparse import Namespace

        from dbt.config.runtime import load_profile
        from dbt.flags import set_from_args
        from dbt_common.context import set_invocation_context
        from dbt_common.exceptions import DbtBaseException

        if not (self.project_dir / "dbt_project.yml").exists():
            raise DbtError(
                f"There is no dbt_project.yml in {self.project_dir}",
                "Run segml in the folder of the dbt project or pass --project-dir",
            )
        set_invocation_context(os.environ)
        profiles_dir = self.profiles_dir or _default_profiles_dir(self.project_dir)
        arguments = {"PROFILES_DIR": str(profiles_dir), "PROJECT_DIR": str(self.project_dir)}
        set_from_args(Namespace(**arguments), None)
        try:
            profile = load_profile(
                str(self.project_dir), self.variables, target_override=self.target
            )
        except DbtBaseException as error:
            raise DbtError(
                f"dbt cannot read the profile: {_one_line(str(error))}", "Correct profiles.yml"
            ) from None
        return profile.credentials

    def build(
        self,
        *,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        progress: Callable[[str], None] = lambda _: None,
    ) -> dict[str, int]:
        """Run ``dbt build`` in this process and let go of the database file.

        Returns
        -------
        dict
            Number of nodes by resource type (model, test, seed, unit_test, …).

        Raises
        ------
        DbtError
            Naming the first models or tests that failed.
        """
        # unit tests check the code, not the data: they are for developers
        build = ["build", "--exclude-resource-type", "unit_test"]
        command = ["--quiet", "--no-use-colors", *build, *self.arguments()]
        if select:
            command += ["--select", *select]
        if exclude:
            command += ["--exclude", *exclude]
        with _released_warehouse() as runner:
            _announce_nodes(runner, progress)
            outcome = runner.invoke(command)
        if outcome.exception is not None:
            raise DbtError(
                f"dbt stopped: {_one_line(str(outcome.exception))}", "Correct the project"
            )
        results = list(getattr(outcome.result, "results", []))
        failed = [item for item in results if str(item.status) in {"error", "fail"}]
        if failed:
            raise DbtError(_describe_failures(failed), "Run `dbt build` to see every message")
        return _count_by_type(results)


def raw_schema_to_load(project: DbtProject) -> str:
    """Return the schema of the user's raw tables.

    Raises
    ------
    DbtError
        When the target reads the demo shop's seeds, so that loaded files would not be seen.
    """
    if project.target in (project.variable("demo_targets") or ()):
        raise DbtError(
            f"Target {project.target} reads the demo shop and would not see loaded files",
            "Load into a target of your own, such as --target dev",
        )
    return str(project.variable("raw_schema") or DEFAULT_RAW_SCHEMA)


def _default_profiles_dir(project_dir: Path) -> Path:
    """Follow dbt's order: environment, project folder, home folder."""
    configured = os.environ.get("DBT_PROFILES_DIR")
    if configured:
        return Path(configured)
    return project_dir if (project_dir / "profiles.yml").exists() else Path.home() / ".dbt"


@contextmanager
def _released_warehouse() -> Iterator[Any]:
    """Yield a dbt runner; afterwards close the file, which dbt would keep open and locked."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    runner = dbtRunner()
    folder = Path.cwd()
    try:
        yield runner
    finally:
        DuckDBConnectionManager.close_all_connections()
        os.chdir(folder)  # dbt moves into the project folder


def _announce_nodes(runner: Any, progress: Callable[[str], None]) -> None:  # noqa: ANN401
    def on_event(event: Any) -> None:  # noqa: ANN401
        if event.info.name == "LogStartLine":
            progress(f"{event.data.index}/{event.data.total} {event.data.description}")

    runner.callbacks.append(on_event)


def _describe_failures(failed: Sequence[Any]) -> str:
    described = [
        f"{item.node.resource_type} {item.node.name}: {_one_line(str(item.message))}"
        for item in failed[:SHOWN_FAILURES]
    ]
    more = len(failed) - len(described)
    return "dbt build failed at " + "; ".join(described) + (f"; and {more} more" if more else "")


def _count_by_type(results: Sequence[Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in results:
        kind = str(item.node.resource_type)
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def _one_line(text: str) -> str:
    return " ".join(part.strip() for part in text.splitlines() if part.strip())
