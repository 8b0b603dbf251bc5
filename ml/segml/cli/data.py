"""Commands that bring data in: ``load`` and ``demo-data``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segml.cli.console import Steps, print_json, print_table
from segml.cli.options import (
    DEFAULT_PROJECT_DIR,
    Json,
    ProfilesDir,
    ProjectDir,
    project_from,
)

if TYPE_CHECKING:
    from segml.loading import LoadSummary


class FileFormat(StrEnum):
    """Formats that ``demo-data`` writes."""

    csv = "csv"
    parquet = "parquet"


def load(
    mapping: Annotated[
        Path, typer.Argument(help="Mapping file, see examples/ and docs/loading.md.")
    ],
    data: Annotated[
        Path | None, typer.Option("--data", help="File or folder instead of the mapping's paths.")
    ] = None,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Annotated[
        str, typer.Option("--target", "-t", help="Target of the profile to load into.")
    ] = "dev",
    as_json: Json = False,
) -> None:
    """Load your files into the raw tables, as a mapping file says.

    Example: segml load examples/online_retail.yml --data online_retail.csv
    """
    from segml.dbt import raw_schema_to_load
    from segml.loading import load_files

    project = project_from(project_dir, profiles_dir, target)
    raw_schema = raw_schema_to_load(project)
    with Steps().step("Load files") as say:
        summary = load_files(
            mapping, data, project.warehouse_path(), raw_schema=raw_schema, progress=say
        )
        say(f"{sum(file.rows_read for file in summary.files):,} rows accounted for")
    print_json(summary) if as_json else _print_load(summary)


def _print_load(summary: LoadSummary) -> None:
    print_table(
        "Files",
        ["file", "rows read", "rows mapped", "rows rejected"],
        [
            [file.path, file.rows_read, file.rows_mapped, file.rows_rejected]
            for file in summary.files
        ],
    )
    print_table("Raw tables", ["table", "rows"], list(summary.table_rows.items()))
    if summary.rejected_rows:
        print_table(
            "Rejected rows (kept in raw.rejected_rows)",
            ["reason", "rows"],
            list(summary.rejected_rows.items()),
        )
    for source, columns in summary.unread_columns.items():
        typer.echo(f"Not read from {source}: {', '.join(columns)}", err=True)
    if summary.can_take_own_columns:
        typer.echo(
            "To let models use them, name them in the mapping file, under the columns of the "
            "source and under own_columns of labelled_customers (docs/labelled-customers.md)",
            err=True,
        )


def demo_data(
    customers: Annotated[int, typer.Option(help="Number of customers.", min=1)] = 1_500,
    days: Annotated[int, typer.Option(help="Length of the history.", min=1)] = 731,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shop.", min=0)] = 42,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("demo_shop"),
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="Format of the files.")
    ] = FileFormat.parquet,
    truth: Annotated[
        bool, typer.Option(help="Also write the hidden truth about each customer.")
    ] = True,
) -> None:
    """Write a synthetic shop of any size, with the truth behind it (docs/demo-shop.md).

    Example: segml demo-data --customers 100000 --out big_shop
    """
    from segml.synthetic import ShopSettings, generate_shop

    settings = ShopSettings(customers=customers, days=days, seed=seed)
    with Steps().step("Write shop") as say:
        summary = generate_shop(
            settings, out, file_format=file_format.value, progress=say, with_truth=truth
        )
    print_table(f"Shop in {out}", ["table", "rows"], list(summary.rows.items()))
