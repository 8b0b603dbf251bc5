"""The ``segml`` command line: thin commands over functions, heavy imports inside them."""

from __future__ import annotations

import sys

import typer

from segml.cli import campaigns, customers, data, learning, loop, models, publishing
from segml.errors import SegmlError

app = typer.Typer(
    name="segml",
    help="Customer segmentation in your warehouse: dbt builds the features, segml learns from "
    "them and writes segments back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from segml import __version__

        typer.echo(f"segml {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Hold the options that come before a command."""


app.command("run")(loop.run)
app.command("load")(data.load)
app.command("demo-data")(data.demo_data)
app.command("train")(learning.train)
app.command("evaluate")(learning.evaluate)
app.command("predict")(learning.predict)
app.command("explain")(customers.explain)
app.add_typer(models.app, name="models")
app.command("export")(campaigns.export)
app.command("report")(loop.report)
app.command("publish")(publishing.publish)
app.command("dashboard")(publishing.dashboard)
app.command("doctor")(loop.doctor)


def main() -> None:
    """Run the command line; a problem the user can fix becomes one line and exit code 1."""
    try:
        app()
    except SegmlError as error:
        sys.stderr.write(f"segml: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("segml: stopped; what was complete before is still in place.\n")
        sys.exit(130)
