import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segml.artifacts import (
    ArtifactMetadata,
    load_artifact,
    prune_artifacts,
    save_artifact,
    stored_persona_centres,
)
from segml.calibration import fit_calibrator
from segml.dataset import FeatureSchema
from segml.errors import ArtifactError
from segml.explanation import reference_row
from segml.files import sha256_of
from segml.models import build_model
from segml.personas import fit_personas, persona_inputs


@pytest.fixture(scope="module")
def trained(shop):
    model = build_model("logistic", seed=1).fit(shop)
    probabilities = model.predict(shop).tier_probabilities
    calibrator = fit_calibrator("vector", probabilities, shop.value_tier)
    metadata = ArtifactMetadata(shop.schema, reference_row(shop), 60.0, 90, {"seed": 1})
    return model, calibrator, metadata


@pytest.fixture
def stored(trained, tmp_path):
    return save_artifact(tmp_path, "v1", *trained)


def test_a_stored_model_serves_the_same_calibrated_predictions(trained, stored, shop):
    model, calibrator, metadata = trained
    served = load_artifact(stored.path, stored.sha256, shop.schema)
    expected = calibrator.apply(model.predict(shop)).tier_probabilities
    assert np.array_equal(served.predict(shop).tier_probabilities, expected)
    assert served.metadata == metadata


def test_personas_travel_with_the_model(trained, shop, tmp_path):
    inputs = persona_inputs(shop.schema)
    personas = fit_personas(shop, inputs, {}, fewest=3, most=3, seed=1)
    stored = save_artifact(tmp_path, "v1", *trained, personas=personas)
    served = load_artifact(stored.path, stored.sha256, shop.schema)
    assert np.array_equal(served.personas.assign(shop), personas.assign(shop))
    assert set(stored_persona_centres(stored.path, stored.sha256)) == set(personas.assign(shop))
    (stored.path / "personas" / "personas.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"personas.json is not the one that was stored"):
        stored_persona_centres(stored.path, stored.sha256)


def test_a_model_without_personas_is_served(stored, shop):
    assert load_artifact(stored.path, stored.sha256, shop.schema).personas is None
    assert stored_persona_centres(stored.path, stored.sha256) == {}


@pytest.mark.parametrize("file", ["model/logistic.skops", "manifest.json"])
def test_an_altered_file_is_refused_by_name(stored, shop, file):
    with (stored.path / file).open("ab") as handle:
        handle.write(b" ")
    with pytest.raises(ArtifactError, match=rf"{file} is not the one that was stored"):
        load_artifact(stored.path, stored.sha256, shop.schema)


def test_a_missing_file_is_refused_by_name(stored, shop):
    (stored.path / "model" / "revenue.json").unlink()
    with pytest.raises(ArtifactError, match=r"revenue.json is missing"):
        load_artifact(stored.path, stored.sha256, shop.schema)


def test_other_features_are_named(stored, shop):
    numeric = (*shop.schema.numeric[1:], "basket_size")
    schema = FeatureSchema(numeric, shop.schema.categorical)
    with pytest.raises(ArtifactError, match=r"added: basket_size; removed: recency_days"):
        load_artifact(stored.path, stored.sha256, schema)


def test_another_order_of_features_is_refused(stored, shop):
    schema = FeatureSchema(shop.schema.numeric[::-1], shop.schema.categorical)
    with pytest.raises(ArtifactError, match="another order or kind"):
        load_artifact(stored.path, stored.sha256, schema)


def test_another_major_version_of_a_library_is_refused(stored, shop):
    path = stored.path / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["libraries"]["scikit-learn"] = "0.24.2"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"scikit-learn 0\.24\.2.*Install scikit-learn 0"):
        load_artifact(stored.path, sha256_of(path), shop.schema)


def test_a_folder_holds_no_pickle(stored):
    suffixes = {path.suffix for path in stored.path.rglob("*") if path.is_file()}
    assert suffixes == {".json", ".skops"}


def test_a_failure_while_writing_leaves_nothing(trained, tmp_path):
    class FullDisk:
        name = "logistic"

        def save(self, folder: Path) -> None:
            (folder / "half.skops").write_bytes(b"half")
            raise OSError("No space left on device")

    _, calibrator, metadata = trained
    with pytest.raises(OSError, match="No space"):
        save_artifact(tmp_path, "v1", FullDisk(), calibrator, metadata)
    assert not list(tmp_path.iterdir())


def test_storing_a_version_again_leaves_the_registered_files_alone(trained, stored, shop):
    model, calibrator, metadata = trained
    again = save_artifact(
        stored.path.parent, "v1", model, calibrator, replace(metadata, horizon_days=30)
    )
    assert again.path != stored.path
    assert load_artifact(stored.path, stored.sha256, shop.schema).metadata.horizon_days == 90


def test_pruning_keeps_the_current_files_and_other_versions(trained, stored, shop):
    root = stored.path.parent
    other = save_artifact(root, "v1-other", *trained)
    leftover = root / ".v1.killed"
    leftover.mkdir()
    model, calibrator, metadata = trained
    current = save_artifact(root, "v1", model, calibrator, replace(metadata, horizon_days=30))
    prune_artifacts(current)
    assert set(root.iterdir()) == {current.path, other.path}
    assert load_artifact(current.path, current.sha256, shop.schema)
