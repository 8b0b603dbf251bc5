"""Commands over registered models: ``models list``, ``show``, ``promote`` and ``rollback``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from segml.cli.console import print_json, print_table
from segml.cli.options import (
    DEFAULT_PROJECT_DIR,
    DataSet,
    Json,
    On,
    ProfilesDir,
    ProjectDir,
    Target,
    project_from,
)

if TYPE_CHECKING:
    from segml.promotion import Promotion

app = typer.Typer(no_args_is_help=True, help="Look at models, and choose which is served.")


@app.command("list")
def list_models(
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """List registered model versions, newest first.

    Example: segml models list
    """
    from segml.registry import list_versions
    from segml.warehouse import open_warehouse

    project = project_from(project_dir, profiles_dir, target)
    with open_warehouse(project.warehouse_path(), read_only=True) as warehouse:
        versions = list_versions(warehouse, data_set=None)
    if as_json:
        print_json([asdict(version) for version in versions])
        return
    print_table(
        "Models",
        ["model version", "data set", "status", "as of", "horizon days", "trained at (UTC)"],
        [
            [
                item.model_version,
                item.data_set,
                item.status,
                str(item.as_of_date or "-"),
                item.horizon_days or None,
                f"{item.trained_at:%Y-%m-%d %H:%M}",
            ]
            for item in versions
        ],
    )


@app.command("show")
def show_model(
    model_version: Annotated[
        str | None, typer.Argument(help="Version or the beginning of its name; else the champion.")
    ] = None,
    on: On = DataSet.shop,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Show one version: where it came from, why it was chosen, how good it was.

    Example: segml models show
    """
    from segml.cli.learning import print_metrics
    from segml.registry import find_version, read_metrics
    from segml.warehouse import open_warehouse

    project = project_from(project_dir, profiles_dir, target)
    with open_warehouse(project.warehouse_path(), read_only=True) as warehouse:
        # a name says which data set it is of
        version = find_version(warehouse, model_version, data_set=None if model_version else on)
        metrics = read_metrics(warehouse, version.run_id)
    if as_json:
        print_json(asdict(version) | {"metrics": metrics.to_dict(orient="records")})
        return
    print_table("Model", ["property", "value"], list(asdict(version).items()))
    print_metrics(metrics, version)


@app.command("promote")
def promote_model(
    model_version: Annotated[str, typer.Argument(help="Version or the beginning of its name.")],
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Serve another registered version of its data set; the next predict uses it.

    Example: segml models promote 2025-07-01-boosting
    """
    from segml.champions import promote
    from segml.settings import load_settings

    project = project_from(project_dir, profiles_dir, target)
    settings = load_settings(project.project_dir)
    promotion = promote(project.warehouse_path(), settings, model_version)
    print_json(promotion) if as_json else _print_promotion(promotion)


@app.command("rollback")
def roll_back_model(
    on: On = DataSet.shop,
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Serve again what was served before the champion of a data set.

    Example: segml models rollback && segml predict
    """
    from segml.champions import roll_back
    from segml.settings import load_settings

    project = project_from(project_dir, profiles_dir, target)
    settings = load_settings(project.project_dir)
    promotion = roll_back(project.warehouse_path(), settings, data_set=on)
    print_json(promotion) if as_json else _print_promotion(promotion)


def _print_promotion(promotion: Promotion) -> None:
    before = promotion.previous_version or "nothing"
    typer.echo(f"{promotion.model_version} is served instead of {before}: {promotion.reason}")
    typer.echo("The next `segml predict` scores with it")
