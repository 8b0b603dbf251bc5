"""Options that several commands share."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segml.errors import SettingsError
from segml.settings import LABELLED_CUSTOMERS, SHOP

if TYPE_CHECKING:
    from segml.dbt import DbtProject


class DataSet(StrEnum):
    """What a model learns from."""

    shop = SHOP
    labelled_customers = LABELLED_CUSTOMERS


On = Annotated[
    DataSet,
    typer.Option("--on", help="The history of a shop, or a flat table of customers with a class."),
]
ProjectDir = Annotated[
    Path, typer.Option("--project-dir", help="Folder with dbt_project.yml.", show_default=".")
]
ProfilesDir = Annotated[
    Path | None, typer.Option("--profiles-dir", help="Folder with profiles.yml, as in dbt.")
]
Target = Annotated[
    str | None, typer.Option("--target", "-t", help="Target of the profile, as in dbt.")
]
Vars = Annotated[
    str | None, typer.Option("--vars", help="dbt variables as JSON or YAML, as in dbt.")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Day boundary to stand at, YYYY-MM-DD; nothing after it is used."),
]
HorizonDays = Annotated[
    int | None, typer.Option("--horizon-days", help="Length of the outcome window.", min=1)
]
Model = Annotated[
    str | None, typer.Option("--model", "-m", help="A model name, or auto: the best of all.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of everything random.")]
Tune = Annotated[
    int | None,
    typer.Option("--tune", help="Parameter settings to try per candidate; resumes when killed."),
]
ModelVersion = Annotated[
    str | None,
    typer.Option("--model-version", help="A registered version instead of the champion."),
]
Values = Annotated[
    str | None,
    typer.Option("--values", help="One customer to classify, such as age=25,income=30000."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]

DEFAULT_PROJECT_DIR = Path()


def project_from(
    project_dir: Path,
    profiles_dir: Path | None = None,
    target: str | None = None,
    variables: str | None = None,
    **dbt_variables: Any,  # noqa: ANN401
) -> DbtProject:
    """Return the dbt project that the options describe; options win over ``--vars``."""
    from segml.dbt import DbtProject

    given = {name: value for name, value in dbt_variables.items() if value is not None}
    return DbtProject(
        project_dir=project_dir.resolve(),
        profiles_dir=profiles_dir.resolve() if profiles_dir else None,
        target=target,
        variables=_parse_variables(variables) | given,
    )


def checked_day(text: str | None) -> str | None:
    """Return the text of an ISO date, or None when there is none.

    Raises
    ------
    SettingsError
        When the text is no date.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise SettingsError(
            f"--as-of must be a date such as 2025-06-30, got '{text}'", "Correct the date"
        ) from None


def _parse_variables(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        values = json.loads(text)
    except json.JSONDecodeError:
        import yaml

        try:
            values = yaml.safe_load(text)
        except yaml.YAMLError:
            values = None
    if not isinstance(values, dict):
        raise SettingsError(
            f"--vars must be a mapping, got '{text}'",
            "Write it like --vars '{\"as_of_date\": null}'",
        )
    return values
