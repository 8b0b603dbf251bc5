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


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """What a run learns from: the same identity gives the same model."""

    run_id: str
    digest: str
    data_fingerprint: str
    settings_json: str

    @classmethod
    def of(
        cls, examples: Examples, customers: Customers, plan: SnapshotPlan, settings: Settings
    ) -> RunIdentity:
        """Return the identity of a run on these rows."""
        settings_json = json.dumps(
            {name: settings.as_dict()[name] for name in LEARNING_SETTINGS}, sort_keys=True
        )
        fingerprint = data_fingerprint(examples)
        parts = [
            __version__,
            code_fingerprint(),
            fingerprint,
            customers.fingerprint,
            examples.schema.feature_hash,
            settings_json,
            repr(plan.roles),
            repr(plan.high_value_threshold),
        ]
        digest = hashlib.sha256("|".join(parts).encode()).hexdigest()[:8]
        return cls(
            run_id=f"{plan.as_of_date.isoformat()}-{digest}",
            digest=digest,
            data_fingerprint=fingerprint,
            settings_json=settings_json,
        )


def code_fingerprint() -> str:
    """Return a hash of this package's source: a changed model must not pass for the old one."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
