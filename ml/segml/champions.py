"""Who is served: the champion as a run finds it, promotion by hand and rollback."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from segml.artifacts import load_artifact
from segml.challenge import Champion
from segml.errors import ArtifactError
from segml.mart import read_plan, read_schema
from segml.models import ENSEMBLE, model_names
from segml.promotion import (
    Promotion,
    list_promotions,
    record_promotion,
    reigning_versions,
    replaced_by_hand,
)
from segml.registry import (
    artifact_folder,
    find_version,
    list_versions,
    require_tables,
)
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from segml.registry import ModelVersion
    from segml.settings import Settings
    from segml.warehouse import Warehouse


def read_champion(
    warehouse: Warehouse, settings: Settings, *, run_id: str, data_fingerprint: str
) -> Champion | None:
    """Describe the champion to a run that may replace it; None before the first.

    Parameters
    ----------
    run_id, data_fingerprint : str
        Of the run.
    """
    versions = list_versions(warehouse)
    version = next((item for item in versions if item.status == "champion"), None)
    if version is None:
        return None
    try:
        require_servable(warehouse, version, settings)
        obstacle = None
    except ArtifactError as error:
        obstacle = error.reason
    replaced = replaced_by_hand(list_promotions(warehouse))
    return Champion(
        model_version=version.model_version,
        model_name=version.model_name,
        kinds=_kinds(version),
        obstacle=obstacle,
        is_current=version.data_fingerprint == data_fingerprint,
        taken_down=frozenset(
            item.model_name
            for item in versions
            if item.run_id == run_id and item.model_version == replaced
        ),
    )


def require_servable(warehouse: Warehouse, version: ModelVersion, settings: Settings) -> None:
    """Check that a version can score the mart as it is now.

    Raises
    ------
    ArtifactError
        When files are gone or altered, or features, libraries or the horizon have changed.
    """
    horizon_days = read_plan(warehouse).horizon_days
    if version.horizon_days != horizon_days:
        raise ArtifactError(
            f"{version.model_version} looks {version.horizon_days} days ahead, the features are "
            f"built for {horizon_days}",
            f"Run `dbt build` with horizon_days {version.horizon_days}, or choose another version",
        )
    if version.model_name not in model_names():
        raise ArtifactError(
            f"{version.model_version} is a model that this segml does not know",
            "Choose another version",
        )
    load_artifact(
        artifact_folder(settings, warehouse.path) / version.artifact_path,
        version.artifact_sha256,
        read_schema(warehouse, settings.excluded_features),
    )


def promote(warehouse_path: Path, settings: Settings, model_version: str) -> Promotion:
    """Serve a registered version from now on, because a person says so.

    Parameters
    ----------
    model_version : str
        Its name, or a unique beginning.

    Raises
    ------
    ArtifactError
        When there is no such version, or it is served already, or it cannot be.
    """
    with open_warehouse(warehouse_path) as warehouse:
        require_tables(warehouse)
        version = find_version(warehouse, model_version)
        if version.status == "champion":
            raise ArtifactError(
                f"{version.model_version} is the champion already", "Choose another version"
            )
        return _serve(warehouse, settings, version, action="promote", reason="promoted by hand")


def roll_back(warehouse_path: Path, settings: Settings) -> Promotion:
    """Serve again what was served before the champion; repeated, go further back.

    Raises
    ------
    ArtifactError
        When nothing was served before, or it cannot be served any more.
    """
    with open_warehouse(warehouse_path) as warehouse:
        require_tables(warehouse)
        champion = find_version(warehouse)
        reigns = reigning_versions(list_promotions(warehouse))
        if len(reigns) < 2:  # noqa: PLR2004  (the champion and one before)
            raise ArtifactError(
                f"Nothing was served before {champion.model_version}",
                "Choose a version with `segml models promote`",
            )
        version = find_version(warehouse, reigns[-2])
        reason = f"rolled back from {champion.model_version}"
        return _serve(warehouse, settings, version, action="rollback", reason=reason)


def _serve(
    warehouse: Warehouse, settings: Settings, version: ModelVersion, *, action: str, reason: str
) -> Promotion:
    require_servable(warehouse, version, settings)
    champions = [item for item in list_versions(warehouse) if item.status == "champion"]
    promotion = Promotion(
        promoted_at=datetime.now(UTC).replace(tzinfo=None),
        action=action,
        actor="manual",
        model_version=version.model_version,
        previous_version=champions[0].model_version if champions else None,
        reason=reason,
    )
    record_promotion(warehouse, promotion)
    return promotion


def _kinds(version: ModelVersion) -> tuple[str, ...]:
    """Return what a run must fit to learn this version anew."""
    if version.model_name != ENSEMBLE:
        return (version.model_name,)
    candidates = json.loads(version.settings_json).get("candidates", [])
    return tuple(name for name in dict.fromkeys((*candidates, ENSEMBLE)) if name in model_names())
