"""Model files: written all or nothing, read only if unchanged and compatible."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segml.calibration import Calibrator
from segml.dataset import Examples, FeatureSchema, Predictions
from segml.errors import ArtifactError
from segml.models import model_class
from segml.models.storage import load_json, save_json

if TYPE_CHECKING:
    from segml.models.base import TierModel

MANIFEST = "manifest.json"
MODEL_FOLDER = "model"
# distributions whose major version must not change between training and serving
LIBRARIES = ("segml", "scikit-learn", "skops", "keras", "tensorflow")
TRAIN_AGAIN = "Train again with `segml train`"


@dataclass(frozen=True)
class ArtifactMetadata:
    """What a reader must know to serve a model.

    Parameters
    ----------
    schema : FeatureSchema
        Features the model was trained on.
    reference : dict
        The typical customer that explanations compare with; ``None`` is unknown.
    high_value_threshold : float
        Smallest net revenue in currency of the tier ``high``.
    horizon_days : int
        Length of the outcome window.
    settings : dict
        Settings of the training run.
    """

    schema: FeatureSchema
    reference: dict[str, float | str | None]
    high_value_threshold: float
    horizon_days: int
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ArtifactInfo:
    """Where a model was stored; ``sha256`` covers every file through the manifest."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class ServedModel:
    """A model with its calibrator: what scoring and explanation call."""

    model: TierModel
    calibrator: Calibrator
    metadata: ArtifactMetadata

    def predict(self, examples: Examples) -> Predictions:
        """Return calibrated predictions."""
        return self.calibrator.apply(self.model.predict(examples))


def save_artifact(
    folder_root: Path,
    model_version: str,
    model: TierModel,
    calibrator: Calibrator,
    metadata: ArtifactMetadata,
) -> ArtifactInfo:
    """Write one folder per model version.

    Everything goes to a temporary folder beside the target and reaches the disk before the
    folder is renamed, so that a kill leaves either no folder or a complete one. An existing
    folder of the same version is replaced.

    Returns
    -------
    ArtifactInfo
        Path of the folder and the fingerprint to give to ``load_artifact``.
    """
    folder_root.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{model_version}.", dir=folder_root))
    try:
        (draft / MODEL_FOLDER).mkdir()
        model.save(draft / MODEL_FOLDER)
        files = {
            path.relative_to(draft).as_posix(): _sha256(path)
            for path in sorted(draft.rglob("*"))
            if path.is_file()
        }
        manifest = {
            "model_version": model_version,
            "model_name": model.name,
            "calibrator": calibrator.as_dict(),
            "feature_hash": metadata.schema.feature_hash,
            "libraries": _library_versions(),
            "files": files,
            "metadata": asdict(metadata),
        }
        save_json(manifest, draft / MANIFEST)
        sha256 = _sha256(draft / MANIFEST)
        for path in (*draft.rglob("*"), draft):
            _flush(path)
        target = folder_root / model_version
        _move_into_place(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return ArtifactInfo(target, sha256)


def load_artifact(path: Path, expected_sha256: str, expected_schema: FeatureSchema) -> ServedModel:
    """Read a stored model after checking it.

    Parameters
    ----------
    expected_sha256 : str
        Fingerprint that ``save_artifact`` returned.
    expected_schema : FeatureSchema
        Features the model will be shown.

    Raises
    ------
    ArtifactError
        If a file is missing or altered, the features differ from those of training, or a
        library has another major version.
    """
    _require_unchanged(path / MANIFEST, expected_sha256)
    manifest = load_json(path / MANIFEST)
    for name, sha256 in manifest["files"].items():
        _require_unchanged(path / name, sha256)
    metadata = _metadata_from(manifest["metadata"])
    _require_same_features(metadata.schema, expected_schema)
    _require_compatible(manifest["libraries"])
    model = model_class(manifest["model_name"]).load(path / MODEL_FOLDER)
    return ServedModel(model, Calibrator.from_dict(manifest["calibrator"]), metadata)


def _metadata_from(values: dict[str, Any]) -> ArtifactMetadata:
    schema = {kind: tuple(names) for kind, names in values["schema"].items()}
    return ArtifactMetadata(**(values | {"schema": FeatureSchema(**schema)}))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move_into_place(draft: Path, target: Path) -> None:
    replaced = draft.with_name(f"{draft.name}.replaced")
    if target.exists():
        target.rename(replaced)
    draft.rename(target)
    shutil.rmtree(replaced, ignore_errors=True)
    _flush(target.parent)


def _library_versions() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def _require_unchanged(path: Path, sha256: str) -> None:
    if not path.is_file():
        raise ArtifactError(f"Model file {path} is missing", TRAIN_AGAIN)
    if _sha256(path) != sha256:
        raise ArtifactError(
            f"Model file {path} is not the one that was stored (its SHA-256 differs)", TRAIN_AGAIN
        )


def _require_same_features(trained: FeatureSchema, given: FeatureSchema) -> None:
    if trained.feature_hash == given.feature_hash:
        return
    added = [name for name in given.names if name not in trained.names]
    removed = [name for name in trained.names if name not in given.names]
    changes = [
        f"{label}: {', '.join(names)}"
        for label, names in (("added", added), ("removed", removed))
        if names
    ]
    raise ArtifactError(
        "The features differ from those the model was trained on "
        f"({'; '.join(changes) or 'another order or kind'})",
        f"{TRAIN_AGAIN}, or restore the features and run `dbt build`",
    )


def _require_compatible(trained: dict[str, str]) -> None:
    for name, current in _library_versions().items():
        stored = trained.get(name, current)
        if stored.split(".")[0] != current.split(".")[0]:
            raise ArtifactError(
                f"The model was trained with {name} {stored}, here is {current}",
                f"Install {name} {stored.split('.')[0]}, or train again with `segml train`",
            )
