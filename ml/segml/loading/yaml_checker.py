"""Checked access to a user's YAML: every error names the file and the place in it."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

import yaml

from segml.errors import LoadingError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RESERVED_NAMES = ("source_row", "source_file", "source_rule")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return the known name that is nearest to a wrong one, or all known names."""
    by_lower = {item.lower(): item for item in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    if near:
        return f"Perhaps `{by_lower[near[0]]}` is meant"
    return f"Known: {', '.join(known)}"


class _UniqueKeyLoader(yaml.SafeLoader):
    """The safe loader, but a repeated key is an error instead of a silent loss."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"`{key.value}` appears twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class YamlChecker:
    """Reads one YAML file and takes it apart, value by checked value.

    Parameters
    ----------
    path : Path
        The file; its name starts every message.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def error(self, where: str, reason: str, fix: str) -> LoadingError:
        """Return an error that names the file and a place in it."""
        return LoadingError(f"{self.path.name}, {where}: {reason}", fix)

    def yaml(self) -> object:
        """Return the parsed file."""
        try:
            return yaml.load(self.path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
        except OSError as error:
            raise LoadingError(
                f"{self.path} cannot be read: {error.strerror}", "Give the path of a mapping file"
            ) from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            where = f"line {mark.line + 1}" if mark else "the file"
            problem = getattr(error, "problem", None) or "not UTF-8 text"
            raise self.error(where, f"not valid YAML ({problem})", "Correct the line") from None

    def fields(
        self,
        value: object,
        where: str,
        *,
        required: tuple[str, ...] = (),
        optional: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """Return a YAML mapping whose keys are all known."""
        if not isinstance(value, dict):
            raise self.error(where, "is not a set of `key: value` lines", "See docs/loading.md")
        known = required + optional
        for key in value:
            if key not in known:
                raise self.error(where, f"unknown key `{key}`", suggestion(str(key), known))
        for key in required:
            if key not in value:
                raise self.error(where, f"`{key}` is missing", f"Add `{key}:`")
        return value

    def named(
        self, value: object, where: str, known: tuple[str, ...] | None = None
    ) -> list[tuple[str, Any]]:
        """Return the items of a YAML mapping whose keys are names the user chooses."""
        if not isinstance(value, dict):
            raise self.error(where, "is not a set of `name: ...` lines", "See docs/loading.md")
        for name in value:
            if known is not None and name not in known:
                raise self.error(where, f"unknown name `{name}`", suggestion(str(name), known))
            self.check_name(name, where)
        return list(value.items())

    def check_name(self, name: object, where: str) -> None:
        """Refuse a name that SQL would need quoted, or that the engine side uses itself."""
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in RESERVED_NAMES:
            raise self.error(
                where,
                f"{name!r} cannot be a name",
                f"Use a-z, 0-9 and _, and none of {', '.join(RESERVED_NAMES)}",
            )

    def text(self, value: object, where: str) -> str:
        """Return a text; numbers and booleans become SQL literals."""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float):
            return str(value)
        if not isinstance(value, str) or not value.strip():
            raise self.error(where, f"{value!r} is not text", "Write text or an SQL expression")
        return value.strip()

    def sql(self, value: object, where: str) -> str:
        """Return a piece of SQL that stays inside its statement."""
        sql = self.text(value, where)
        if ";" in _QUOTED.sub("", sql):
            raise self.error(where, "SQL with a `;`", "Write a single expression or query")
        return sql

    def texts(self, value: object, where: str) -> tuple[str, ...]:
        """Return one text or a list of texts."""
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(item, str) for item in values):
            raise self.error(where, f"{value!r} is not text", "Write one text or a list of texts")
        return tuple(values)

    def choice(self, value: object, where: str, known: tuple[str, ...]) -> str:
        """Return one of the known words."""
        if value not in known:
            raise self.error(where, f"{value!r} is not known", suggestion(str(value), known))
        return str(value)

    def flag(self, value: object, where: str) -> bool:
        """Return true or false."""
        if not isinstance(value, bool):
            raise self.error(where, f"{value!r} is not true or false", "Write true or false")
        return value
