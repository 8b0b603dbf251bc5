"""Commands around campaigns: ``export``."""

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


def export(
    audience: Annotated[
        str,
        typer.Argument(
            help="Campaign of the playbook, such as win_back; a wrong name lists the right ones."
        ),
    ],
    to: Annotated[Path, typer.Option("--to", help="File to write: .csv or .parquet.")],
    include_holdout: Annotated[
        bool, typer.Option("--include-holdout", help="Also write who must not be contacted.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Write whom to contact, and why, with their identities; the hold-out group is left out.

    Example: segml export win_back --to win_back.csv
    """
    from segml.exporting import export_audience

    project = project_from(project_dir, profiles_dir, target)
    with Steps().step("Export audience") as say:
        written = export_audience(
            project.warehouse_path(), audience, to, include_holdout=include_holdout, overwrite=force
        )
        say(f"{written.row_count:,} customers in {to}")
    if as_json:
        print_json(written)
    else:
        print_table(
            f"Audience {audience} as of {written.as_of_date}",
            ["", ""],
            [
                ["customers in the file", f"{written.row_count:,}"],
                [
                    "of them hold-out group" if include_holdout else "left out: hold-out group",
                    f"{written.holdout_count:,}",
                ],
                ["left out: refused or erased since", f"{written.left_out_count:,}"],
                ["file", str(to)],
            ],
        )
