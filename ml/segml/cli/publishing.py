"""Commands around what others read: ``publish``, ``dashboard``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segml.cli.console import Steps, print_json, print_table
from segml.cli.options import (
    DEFAULT_PROJECT_DIR,
    Json,
    ProfilesDir,
    ProjectDir,
    Target,
    project_from,
)

DEFAULT_PORT = 8501


def publish(
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder that BI tools read.", show_default=False)
    ] = None,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Write the marts as one DuckDB file and Parquet files; readers keep working meanwhile.

    Example: segml publish --to published
    """
    from segml.publishing import publish as publish_marts
    from segml.settings import load_settings

    project = project_from(project_dir, profiles_dir, target)
    folder = load_settings(project.project_dir, publish_dir=to and to.resolve()).publish_dir
    with Steps().step("Publish marts") as say:
        published = publish_marts(project.warehouse_path(), folder, say)
        say(f"{len(published.tables)} tables in {folder}")
    if as_json:
        print_json(published)
    else:
        rows = [[table.table_name, table.row_count] for table in published.tables]
        print_table(f"Published as of {published.as_of_date}", ["mart", "rows"], rows)


def dashboard(
    of: Annotated[
        Path | None, typer.Option("--of", help="Published folder to show.", show_default=False)
    ] = None,
    port: Annotated[int, typer.Option("--port", help="Port on this machine.")] = DEFAULT_PORT,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
) -> None:
    """Show what was published as pages in the browser, on this machine only; ends with Ctrl-C.

    Example: segml dashboard --of published
    """
    from segml.dashboard import serve
    from segml.settings import load_settings

    settings = load_settings(project_dir.resolve(), publish_dir=of and of.resolve())
    serve(settings.publish_dir, port=port)
