"""What a training run learns from, as a name: the same identity gives the same model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segml import __version__
from segml.dataset import data_fingerprint

if TYPE_CHECKING:
    from segml.dataset import Examples
    from segml.grouping import Customers
    from segml.mart import SnapshotPlan
    from segml.settings import Settings

# settings that change what is learned; paths and batch sizes do not
LEARNING_SETTINGS = (
    "model",
    "candidates",
    "transformer_preset",
    "seed",
    "selection_folds",
    "feature_selection",
    "tune_trials",
    "max_training_examples",
    "excluded_features",
    "calibrate",
    "minimum_personas",
    "maximum_personas",
    "bootstrap_samples",
    "contact_cost",
    "margin_share",
    "contact_effect_share",
)
STUDY_FOLDER = ".studies"  # hidden: nothing that serves a model looks there


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """What a run learns from: the same identity gives the same model.

    Runs that differ only in how long they search for parameters share their studies.
    """

    run_id: str
    digest: str
    study_digest: str
    data_fingerprint: str
    settings_json: str

    @classmethod
    def of(
        cls, examples: Examples, customers: Customers, plan: SnapshotPlan, settings: Settings
    ) -> RunIdentity:
        """Return the identity of a run on these rows."""
        learned = {name: settings.as_dict()[name] for name in LEARNING_SETTINGS}
        settings_json = json.dumps(learned, sort_keys=True)
        fingerprint = data_fingerprint(examples)
        parts = [
            __version__,
            code_fingerprint(),
            fingerprint,
            customers.fingerprint,
            examples.schema.feature_hash,
            repr(plan.roles),
            repr(plan.high_value_threshold),
        ]
        digest = _digest(*parts, settings_json)
        searched = learned | {"tune_trials": None}
        return cls(
            run_id=f"{plan.as_of_date.isoformat()}-{digest}",
            digest=digest,
            study_digest=_digest(*parts, json.dumps(searched, sort_keys=True)),
            data_fingerprint=fingerprint,
            settings_json=settings_json,
        )

    def study_path(self, folder: Path) -> Path:
        """Return where the search for parameters keeps its trials."""
        return folder / STUDY_FOLDER / f"{self.study_digest}.sqlite"


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:8]


def code_fingerprint() -> str:
    """Return a hash of this package's source: a changed model must not pass for the old one."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
