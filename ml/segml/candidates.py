"""What competes in a training run: baselines as they are, candidates at their best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.feature_selection import FEATURE_COLUMNS, select_features
from segml.models import BASELINES
from segml.recipe import Recipe
from segml.rolling import rolling_folds
from segml.tuning import TUNING_COLUMNS, tune

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segml.dataset import Examples, FeatureSchema
    from segml.settings import Settings
    from segml.splits import Splits


@dataclass(frozen=True)
class Candidates:
    """Recipes to compare, and how they came about.

    Parameters
    ----------
    recipes : tuple of Recipe
        Baselines first.
    tuning_trials : DataFrame
        model_name, trial, parameters_json, value, state; empty without tuning.
    feature_selection : DataFrame
        feature, selected, importance, stability, reason; empty without selection.
    """

    recipes: tuple[Recipe, ...]
    tuning_trials: pd.DataFrame
    feature_selection: pd.DataFrame


def prepare_candidates(
    examples: Examples,
    splits: Splits,
    *,
    horizon_days: int,
    settings: Settings,
    progress: Callable[[str], None],
    study_path: Path | None = None,
) -> Candidates:
    """Choose features and parameters on train snapshots; the validation snapshot stays unseen.

    Baselines are shown every feature and are never tuned: they are what everybody must beat.

    Parameters
    ----------
    study_path : Path, optional
        Where tuning keeps finished trials; in memory without it.
    """
    asked = settings.candidates if settings.model == "auto" else (settings.model,)
    names = [name for name in dict.fromkeys(asked) if name not in BASELINES]
    folds = rolling_folds(
        examples,
        splits.train,
        horizon_days=horizon_days,
        folds=settings.selection_folds,
        seed=settings.seed,
    )
    schema: FeatureSchema | None = None
    features = pd.DataFrame(columns=list(FEATURE_COLUMNS))
    if names and settings.feature_selection == "auto":
        selection = select_features(examples, splits.train, folds, seed=settings.seed)
        schema, features = selection.schema, selection.table
        progress(selection.summary)
    recipes = [Recipe(name, settings.seed) for name in BASELINES]
    trials = [pd.DataFrame(columns=list(TUNING_COLUMNS))]
    for name in names:
        recipe = Recipe(name, settings.seed, schema=schema)
        if settings.tune_trials:
            recipe, table = tune(
                recipe,
                examples,
                folds,
                trials=settings.tune_trials,
                study_path=study_path,
                progress=progress,
            )
            trials.append(table)
        recipes.append(recipe)
    return Candidates(tuple(recipes), pd.concat(trials, ignore_index=True), features)
