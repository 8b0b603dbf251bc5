"""The language of a report: one catalogue of messages per language, and dates and names in it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from segml import wording
from segml.errors import SettingsError
from segml.models import kind_of
from segml.reporting.words import UNKNOWN
from segml.settings import REPORT_LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

PERSONA_WORD = "persona_word."
UNBREAKABLE = re.compile(r" (?=[%↓↑])")


@dataclass(frozen=True)
class Language:
    """Says every message of the report in one language.

    Parameters
    ----------
    code : str
        As in the ``lang`` attribute of HTML.
    messages : mapping of str to str
        Message by dotted key; ``{name}`` is filled in.
    constants : mapping of str to Any
        Values that are the same in every message.
    """

    code: str
    messages: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, key: str, **values: Any) -> str:  # noqa: ANN401
        """Return a message with its values filled in."""
        return self.messages[key].format(**self.constants, **values)

    def name(self, kind: str, identifier: Any) -> str:  # noqa: ANN401
        """Return a name from the warehouse in this language; unknown names stay as they are."""
        return self.messages.get(f"{kind}.{identifier}", str(identifier))

    def term(self, kind: str, identifier: str) -> str:
        """Return an identifier such as ``exact_duplicate`` in words."""
        return self.messages.get(f"{kind}.{identifier}", identifier.replace("_", " "))

    def segment(self, name: Any) -> str:  # noqa: ANN401
        """Return the name of an RFM segment, value tier or persona."""
        if f"segment.{name}" in self.messages:
            return self.name("segment", name)
        return self._persona_words.sub(
            lambda found: self.messages[PERSONA_WORD + found[0]], str(name)
        )

    def model(self, model_name: str) -> str:
        """Return what a model is, in words."""
        name = self.name("model_name", kind_of(model_name))
        return name if kind_of(model_name) == model_name else self("model.as_served", model=name)

    def feature(self, feature: str) -> str:
        """Return a feature in words, with its window if it has one."""
        if f"labelled_feature.{feature}" in self.messages:
            return self.name("labelled_feature", feature)
        return wording.feature_label(feature, self.code)

    def day(self, value: date | None) -> str:
        """Return a date such as 1 July 2025."""
        return UNKNOWN if value is None else self("date.day", day=value.day, **self._month(value))

    def month(self, value: date) -> str:
        """Return a month such as July 2025."""
        return self("date.month", **self._month(value))

    def short_month(self, value: date) -> str:
        """Return a month that fits below a bar, such as Jul 2025."""
        return self("date.short_month", **self._month(value))

    def _month(self, value: date) -> dict[str, Any]:
        name = self.messages[f"month.{value.month}"]
        return {"month": name, "short": name[:3], "number": value.month, "year": value.year}

    @property
    def _persona_words(self) -> re.Pattern[str]:
        words = [key.removeprefix(PERSONA_WORD) for key in self.messages if PERSONA_WORD in key]
        longest_first = sorted(words, key=len, reverse=True)
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")


@cache
def language(code: str, **constants: Any) -> Language:  # noqa: ANN401
    """Return a language by its code.

    Parameters
    ----------
    constants : Any
        Values that messages name and no call gives.

    Raises
    ------
    SettingsError
        When there is no catalogue for it.
    """
    if code not in REPORT_LANGUAGES:
        raise SettingsError(
            f"The report has no language `{code}`",
            f"Choose one of {', '.join(REPORT_LANGUAGES)}",
        )
    catalogue = files(__package__).joinpath(f"messages/{code}.toml").read_text(encoding="utf-8")
    groups = tomllib.loads(catalogue)
    return Language(
        code,
        {
            f"{group}.{key}": UNBREAKABLE.sub("\N{NO-BREAK SPACE}", message)
            for group, messages in groups.items()
            for key, message in messages.items()
        },
        constants,
    )


ENGLISH = language("en")
