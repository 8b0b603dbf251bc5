"""Who is served: the champion as a run finds it, promotion by hand and rollback."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from segml.artifacts import load_artifact
from segml.challenge import Champion
from segml.dataset import TIERS
from segml.errors import ArtifactError
from segml.mart import read_plan
from segml.models import ENSEMBLE, kind_of, model_names
from segml.promotion import (
    Promotion,
    list_promotions,
    record_promotion,
    reigning_versions,
    replaced_by_hand,
)
from segml.registry import (
    artifact_folder,
    find_champion,
    find_version,
    list_versions,
    require_tables,
)
from segml.schemas import schema_of
from segml.settings import SHOP
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from segml.artifacts import ServedModel
    from segml.models.search_space import Parameters
    from segml.registry import ModelVersion
    from segml.settings import Settings
    from segml.warehouse import Warehouse


def read_champion(
    warehouse: Warehouse,
    settings: Settings,
    *,
    run_id: str,
    data_fingerprint: str,
    data_set: str = SHOP,
    class_names: tuple[str, ...] = TIERS,
) -> Champion | None:
    """Describe the champion to a run that may replace it; None before the first.

    Parameters
    ----------
    run_id, data_fingerprint, data_set : str
        Of the run.
    class_names : tuple of str
        What its examples tell apart.
    """
    versions = list_versions(warehouse, data_set=data_set)
    version = find_champion(versions)
    if version is None:
        return None
    try:
        model = require_servable(warehouse, version, settings)
        known = model.metadata.class_names
        obstacle = None if known == class_names else f"It knows the classes {', '.join(known)}"
    except ArtifactError as error:
        obstacle = error.reason
    replaced = replaced_by_hand(list_promotions(warehouse, data_set=data_set))
    return Champion(
        model_version=version.model_version,
        kind=kind_of(version.model_name),
        parameters=served_parameters(version),
        obstacle=obstacle,
        is_current=version.data_fingerprint == data_fingerprint,
        taken_down=frozenset(
            item.model_name
            for item in versions
            if item.run_id == run_id and item.model_version == replaced
        ),
    )


def require_servable(
    warehouse: Warehouse, version: ModelVersion, settings: Settings
) -> ServedModel:
    """Return a version's model, once it is sure that it can score the mart as it is now.

    Raises
    ------
    ArtifactError
        When files are gone or altered, or features, libraries or the horizon have changed.
    """
    if version.data_set == SHOP:
        _require_horizon(version, read_plan(warehouse).horizon_days)
    if kind_of(version.model_name) not in model_names():
        raise ArtifactError(
            f"{version.model_version} is a model that this segml does not know",
            "Choose another version",
        )
    return load_artifact(
        artifact_folder(settings, warehouse.path) / version.artifact_path,
        version.artifact_sha256,
        schema_of(warehouse, settings, version.data_set),
    )


def _require_horizon(version: ModelVersion, horizon_days: int) -> None:
    if version.horizon_days != horizon_days:
        raise ArtifactError(
            f"{version.model_version} looks {version.horizon_days} days ahead, the features are "
            f"built for {horizon_days}",
            f"Run `dbt build` with horizon_days {version.horizon_days}, or choose another version",
        )


def promote(warehouse_path: Path, settings: Settings, model_version: str) -> Promotion:
    """Serve a registered version of any data set from now on, because a person says so.

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
        version = find_version(warehouse, model_version, data_set=None)
        if version.status == "champion":
            raise ArtifactError(
                f"{version.model_version} is the champion already", "Choose another version"
            )
        return _serve(warehouse, settings, version, action="promote", reason="promoted by hand")


def roll_back(warehouse_path: Path, settings: Settings, *, data_set: str = SHOP) -> Promotion:
    """Serve again what was served before a data set's champion; repeated, go further back.

    Raises
    ------
    ArtifactError
        When nothing was served before, or it cannot be served any more.
    """
    with open_warehouse(warehouse_path) as warehouse:
        require_tables(warehouse)
        champion = find_version(warehouse, data_set=data_set)
        reigns = reigning_versions(list_promotions(warehouse, data_set=data_set))
        if len(reigns) < 2:  # noqa: PLR2004  (the champion and one before)
            raise ArtifactError(
                f"Nothing was served before {champion.model_version}",
                "Choose a version with `segml models promote`",
            )
        version = find_version(warehouse, reigns[-2], data_set=data_set)
        reason = f"rolled back from {champion.model_version}"
        return _serve(warehouse, settings, version, action="rollback", reason=reason)


def _serve(
    warehouse: Warehouse, settings: Settings, version: ModelVersion, *, action: str, reason: str
) -> Promotion:
    require_servable(warehouse, version, settings)
    champion = find_champion(list_versions(warehouse, data_set=version.data_set))
    promotion = Promotion(
        promoted_at=datetime.now(UTC).replace(tzinfo=None),
        action=action,
        actor="manual",
        model_version=version.model_version,
        previous_version=champion.model_version if champion else None,
        reason=reason,
    )
    record_promotion(warehouse, promotion)
    return promotion


def served_parameters(version: ModelVersion) -> dict[str, Parameters]:
    """Return what must be fitted to learn a version anew: parameters by kind of model."""
    settings, kind = json.loads(version.settings_json), kind_of(version.model_name)
    members = settings.get("candidates", []) if kind == ENSEMBLE else []
    tuned = settings.get("parameters", {})
    names = (name for name in dict.fromkeys((*members, kind)) if name in model_names())
    return {name: tuned.get(name, {}) for name in names}
