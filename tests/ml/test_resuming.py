"""A training run that is killed, and the same run started again."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segml.errors import SegmlError
from segml.learning import train_from_warehouse
from segml.models.checkpoints import Checkpoint
from segml.models.transformer_config import PRESETS
from segml.registry import find_version
from segml.scoring import score
from segml.settings import Settings
from segml.warehouse import open_warehouse
from tests.ml.test_learning import ROLES, build_mart
from tests.ml.test_mart import SEQUENCES
from tests.ml.test_transformer import TINY, keras_test

ROOT = Path(__file__).resolve().parents[2]
EPOCHS_BEFORE_THE_KILL = TINY["pretraining_epochs"] + 2
KILLED = f"""
import os, signal, sys
from pathlib import Path
from segml.models.checkpoints import Checkpoint
from tests.ml.test_resuming import start_training

whole, saves = Checkpoint.save, []

def save(self, state):
    whole(self, state)
    saves.append(self.path)
    if len(saves) == {EPOCHS_BEFORE_THE_KILL}:
        os.kill(os.getpid(), signal.SIGKILL)

Checkpoint.save = save
start_training(Path(sys.argv[1]))
"""


def start_training(folder):
    """Train the smallest transformer on the shop in a folder; return what the run said."""
    PRESETS["small"] = TINY
    settings = Settings(
        model="transformer",
        feature_selection="off",
        calibrate=False,
        bootstrap_samples=0,
        selection_folds=2,
        artifact_dir=folder / "artifacts",
    )
    said = []
    train_from_warehouse(folder / "shop.duckdb", settings, said.append, k_anonymity=10)
    return said


@keras_test
def test_a_killed_run_goes_on_from_its_checkpoint_and_says_so(make_examples, tmp_path, monkeypatch):
    build_mart(tmp_path / "shop.duckdb", make_examples(150, len(ROLES), seed=2), ROLES)
    with open_warehouse(tmp_path / "shop.duckdb") as warehouse:
        warehouse.execute(SEQUENCES.replace("recency_days %", "cast(recency_days as integer) %"))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr
    with open_warehouse(tmp_path / "shop.duckdb") as warehouse, pytest.raises(SegmlError):
        find_version(warehouse)
    left = next((tmp_path / "artifacts").rglob("*.checkpoints"))
    abandoned = left.with_name(".another_run.checkpoints")
    abandoned.mkdir()

    monkeypatch.setitem(PRESETS, "small", PRESETS["small"])
    whole, epochs = Checkpoint.save, []

    def save(self, state):
        whole(self, state)
        epochs.append((self.path, int(state["counts"][0])))

    monkeypatch.setattr(Checkpoint, "save", save)
    said = start_training(tmp_path)
    resumed = [line for line in said if line.startswith("resumed")]
    assert resumed == ["resumed: 2 network fits of a killed run go on from where they were"]
    path, first_epoch = epochs[0]
    assert first_epoch == EPOCHS_BEFORE_THE_KILL - TINY["pretraining_epochs"] + 1
    assert path.parent == left
    assert not left.exists()
    assert not abandoned.exists()

    with open_warehouse(tmp_path / "shop.duckdb") as warehouse:
        assert find_version(warehouse).model_name == "transformer"
        important = warehouse.rows(
            "select level from ml.feature_importance where feature_group = 'recent events'"
        )
    assert sorted(important) == [("feature",), ("group",)]
    settings = Settings(artifact_dir=tmp_path / "artifacts", scoring_batch_rows=40)
    assert score(tmp_path / "shop.duckdb", settings, lambda _: None).customer_count == 150
    with open_warehouse(tmp_path / "shop.duckdb") as warehouse:
        sums = warehouse.rows(
            "select probability_low + probability_mid + probability_high "
            "from ml.segment_predictions"
        )
        reasons = warehouse.value(
            "select count(*) from ml.prediction_reasons where feature = 'recent_events'"
        )
    assert np.array(sums) == pytest.approx(1)
    assert reasons > 0
