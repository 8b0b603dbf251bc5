"""Model files: written all or nothing, read only if unchanged and compatible."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from segml.dataset import TIERS, FeatureSchema
from segml.errors import ArtifactError
from segml.files import draft_folder, move_durably, sha256_of
from segml.models import model_class
from segml.models.calibrator import Calibrator
from segml.models.storage import load_json, save_json
from segml.personas import Personas, load_persona_centres

if TYPE_CHECKING:
    from pathlib import Path

    from segml.dataset import Examples, Predictions
    from segml.models.base import TierModel
    from segml.personas import Centre

MANIFEST = "manifest.json"
MODEL_FOLDER = "model"
PERSONAS_FOLDER = "personas"
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
    class_names : tuple of str
        What the model tells apart, in the order of its probabilities.
    """

    schema: FeatureSchema
    reference: dict[str, float | str | None]
    high_value_threshold: float
    horizon_days: int
    settings: dict[str, Any] = field(default_factory=dict)
    class_names: tuple[str, ...] = TIERS


@dataclass(frozen=True)
class ArtifactInfo:
    """Where a model was stored; ``sha256`` covers every file through the manifest."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class ServedModel:
    """A model with its calibrator and personas: what scoring and explanation call."""

    model: TierModel
    calibrator: Calibrator
    metadata: ArtifactMetadata
    personas: Personas | None = None

    @property
    def needs_sequences(self) -> bool:
        """True if the model looks at the events of each customer."""
        return getattr(self.model, "needs_sequences", False)

    def predict(self, examples: Examples) -> Predictions:
        """Return calibrated predictions."""
        return self.calibrator.apply(self.model.predict(examples))


def save_artifact(
    folder_root: Path,
    model_version: str,
    model: TierModel,
    calibrator: Calibrator,
    metadata: ArtifactMetadata,
    *,
    personas: Personas | None = None,
) -> ArtifactInfo:
    """Write a model, and the personas of its run, into a new folder of their own.

    Everything goes to a temporary folder and reaches the disk before that is renamed, so that a
    kill leaves either no folder or a complete one. The name ends in the fingerprint: storing a
    version again never touches the files that the registry still points to.
    ``prune_artifacts`` removes them once the registry has moved on.

    Returns
    -------
    ArtifactInfo
        Path of the folder, and the fingerprint to give to ``load_artifact``.
    """
    with draft_folder(folder_root, model_version) as draft:
        (draft / MODEL_FOLDER).mkdir()
        model.save(draft / MODEL_FOLDER)
        if personas is not None:
            (draft / PERSONAS_FOLDER).mkdir()
            personas.save(draft / PERSONAS_FOLDER)
        files = sorted(path for path in draft.rglob("*") if path.is_file())
        manifest = {
            "model_version": model_version,
            "model_name": model.name,
            "calibrator": calibrator.as_dict(),
            "libraries": _library_versions(),
            "files": {path.relative_to(draft).as_posix(): sha256_of(path) for path in files},
            "metadata": asdict(metadata),
        }
        save_json(manifest, draft / MANIFEST)
        sha256 = sha256_of(draft / MANIFEST)
        target = folder_root / f"{model_version}-{sha256[:8]}"
        if not target.exists():
            move_durably(draft, target)
    return ArtifactInfo(target, sha256)


def prune_artifacts(current: ArtifactInfo) -> None:
    """Remove earlier files of the same model version, and what killed runs left of it."""
    version_name = current.path.name.rpartition("-")[0]
    for path in (
        *current.path.parent.glob(f"{version_name}-{'[0-9a-f]' * 8}"),
        *current.path.parent.glob(f".{version_name}.*"),
    ):
        if path != current.path:
            shutil.rmtree(path)


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
    manifest = _read_unchanged(path, expected_sha256)
    metadata = _metadata_from(manifest["metadata"])
    _require_same_features(metadata.schema, expected_schema)
    _require_compatible(manifest["libraries"])
    model = model_class(manifest["model_name"]).load(path / MODEL_FOLDER)
    calibrator = Calibrator.from_dict(manifest["calibrator"])
    folder = path / PERSONAS_FOLDER
    personas = Personas.load(folder) if folder.is_dir() else None
    return ServedModel(model, calibrator, metadata, personas)


def stored_persona_centres(path: Path, expected_sha256: str) -> dict[str, Centre]:
    """Read the centres of a stored model's personas by name; none if it has no personas.

    Raises
    ------
    ArtifactError
        If a file is missing or altered.
    """
    _read_unchanged(path, expected_sha256)
    folder = path / PERSONAS_FOLDER
    return load_persona_centres(folder) if folder.is_dir() else {}


def _read_unchanged(path: Path, expected_sha256: str) -> dict[str, Any]:
    """Return the manifest once it and every file in it are those that were stored."""
    _require_unchanged(path / MANIFEST, expected_sha256)
    manifest = load_json(path / MANIFEST)
    for name, sha256 in manifest["files"].items():
        _require_unchanged(path / name, sha256)
    return manifest


def _metadata_from(values: dict[str, Any]) -> ArtifactMetadata:
    schema = {kind: tuple(names) for kind, names in values["schema"].items()}
    class_names = tuple(values.get("class_names", TIERS))  # older models knew tiers only
    return ArtifactMetadata(
        **(values | {"schema": FeatureSchema(**schema), "class_names": class_names})
    )


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
    if sha256_of(path) != sha256:
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
