"""From a template to a file that is complete or not there."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from segml.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from jinja2 import Template

CODE = re.compile(r"`([^`]+)`")


def write_page(
    template_name: str, context: Mapping[str, Any], path: Path, progress: Callable[[str], None]
) -> int:
    """Write a page to a file that is complete or as it was, and return its size in bytes.

    Raises
    ------
    SettingsError
        When the file cannot be written.
    """
    content = _template(template_name).render(context).encode()
    _replace_file(path, content)
    progress(f"{path} ({len(content) / 1024:,.0f} KiB)")
    return len(content)


def _template(name: str) -> Template:
    """Return a page with the style of all pages within it."""
    loader = PackageLoader("segml.reporting")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_with_code,
    )
    style, _, _ = loader.get_source(environment, "report.css")
    environment.globals["style"] = Markup(style)
    return environment.get_template(name)


def _with_code(value: Any) -> Any:  # noqa: ANN401
    """Mark up what a message has between backticks: commands."""
    if isinstance(value, Markup) or not isinstance(value, str) or "`" not in value:
        return value
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(value))))


def _replace_file(path: Path, content: bytes) -> None:
    """Write beside the target, then rename."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise SettingsError(
            f"The report cannot be written to {path}: {error.strerror}",
            "Choose another `report_path`",
        ) from None
    finally:
        with suppress(OSError):
            draft.unlink()
