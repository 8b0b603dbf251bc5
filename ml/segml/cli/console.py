"""What a person sees: a line per finished step on stderr, the result on stdout."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

STEP_WIDTH = 16


class Steps:
    """Announces steps: on a terminal with a spinner, elsewhere one line when each is done.

    Parameters
    ----------
    details : bool
        Whether to keep every message of a step, not only the last one.
    """

    def __init__(self, *, details: bool = False) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._details = details

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Run one step; the function it yields takes progress messages, the last one is kept.

        A step that fails prints nothing: the error says it.
        """
        started = time.monotonic()
        last = ""
        with self._console.status(title) as status:

            def say(message: str) -> None:
                nonlocal last
                last = message
                if self._details:
                    self._console.print(f"  {message}", markup=False, soft_wrap=True)
                status.update(f"{title}: {message}".replace("[", "\\["))

            yield say
        seconds = f"{time.monotonic() - started:6.1f} s"
        line = f"{title:<{STEP_WIDTH}} {seconds}  {last}".rstrip()
        self._console.print(line, markup=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print a dataclass, dict or list as JSON; what is undefined is null."""
    content = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    typer.echo(json.dumps(_plain(content), indent=2, default=str, allow_nan=False))


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Replace not-a-number and not-a-time, which JSON does not know, and unpack NumPy's types."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if value != value else value  # noqa: PLR0124


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a small table; numbers to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_header=any(columns),
    )
    for position, column in enumerate(columns):
        numeric = all(_is_number(row[position]) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*[_text(value) for value in row])
    width = None if sys.stdout.isatty() else 120
    Console(width=width, highlight=False, markup=False).print(table)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or value is None or value == "-"


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124  (NaN)
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4f}" if isinstance(value, float) else str(value)
