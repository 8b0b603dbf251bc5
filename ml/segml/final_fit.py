"""The last step of a run: a compared model learns from everything that is labelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.blending import fit_champion, served_trials
from segml.explanation import reference_row
from segml.importance import permutation_importance

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from segml.dataset import Examples
    from segml.models.base import TierModel
    from segml.models.calibrator import Calibrator
    from segml.models.search_space import ParameterValue
    from segml.selection import Trial
    from segml.settings import Settings
    from segml.splits import Splits


@dataclass(frozen=True)
class FinalFit:
    """A model fitted on all labelled snapshots, ready to be stored.

    Parameters
    ----------
    name : str
        Of its trial.
    calibrator : Calibrator
        Fitted on the validation snapshot; apply it to what ``model`` predicts.
    importance : DataFrame
        level, feature, feature_group, importance_mean, importance_sd, ci_low, ci_high; features
        before groups, most important first.
    reference : dict
        The typical customer, for explanations; ``None`` is unknown.
    parameters : dict
        What tuning changed in the model, or in the members of a blend, by kind of model.
    """

    name: str
    model: TierModel
    calibrator: Calibrator
    importance: pd.DataFrame
    reference: dict[str, float | str | None]
    parameters: dict[str, dict[str, ParameterValue]]


def fit_finally(
    trial: Trial,
    trials: Sequence[Trial],
    examples: Examples,
    splits: Splits,
    settings: Settings,
) -> FinalFit:
    """Fit a compared model on everything that is labelled."""
    schemas = [
        member.recipe.schema for member in served_trials(trial, trials) if not member.weights
    ]
    importance = permutation_importance(
        trial,
        examples,
        splits,
        bootstrap_samples=settings.bootstrap_samples,
        seed=settings.seed,
        shown=frozenset(name for schema in schemas for name in (schema or examples.schema).names),
    )
    labelled = examples.take(splits.labelled)
    return FinalFit(
        name=trial.name,
        model=fit_champion(trial, trials, labelled, settings),
        calibrator=trial.calibration.calibrator,
        importance=importance,
        reference=reference_row(labelled),
        parameters={
            member.kind: dict(member.recipe.parameters)
            for member in served_trials(trial, trials)
            if member.recipe.parameters
        },
    )
