"""What competes in a training run: baselines as they are, candidates at their best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from segml.feature_selection import FEATURE_COLUMNS, MAX_JUDGED_ROWS, select_features
from segml.models import AS_SERVED, BASELINES, ENSEMBLE, LABELLED_BASELINES
from segml.recipe import Recipe
from segml.rolling import rolling_folds
from segml.threads import threads_for
from segml.tuning import TUNING_COLUMNS, tune

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from segml.dataset import Examples, FeatureSchema
    from segml.models.search_space import Parameters
    from segml.settings import Settings
    from segml.splits import Splits


@dataclass(frozen=True)
class Candidates:
    """Recipes to compare, and how they came about.

    Parameters
    ----------
    recipes : dict of str to Recipe
        By name, in the order of comparison.
    tuning_trials : DataFrame
        model_name, trial, parameters_json, value, state; empty without tuning.
    feature_selection : DataFrame
        feature, selected, importance, stability, reason; empty without selection.
    """

    recipes: dict[str, Recipe]
    tuning_trials: pd.DataFrame
    feature_selection: pd.DataFrame


def prepare_candidates(
    names: tuple[str, ...],
    examples: Examples,
    splits: Splits,
    *,
    settings: Settings,
    progress: Callable[[str], None],
    study_path: Path | None = None,
) -> Candidates:
    """Choose features and parameters on train snapshots; the validation snapshot stays unseen.

    Baselines are shown every feature and are never tuned: they are what everybody must beat.
    Where every row that is learned from is judged as well, as in a table of labelled customers,
    there is nothing to choose by, and all models compete as they are.

    Parameters
    ----------
    names : tuple of str
        Models to compare: baselines first, a blend of the others last.
    study_path : Path, optional
        Where tuning keeps finished trials; in memory without it.
    """
    recipes = {name: Recipe(name, settings.seed, settings.parameters_of(name)) for name in names}
    learned = [name for name in names if name not in (*BASELINES, *LABELLED_BASELINES, ENSEMBLE)]
    features = pd.DataFrame(columns=list(FEATURE_COLUMNS))
    trials = [pd.DataFrame(columns=list(TUNING_COLUMNS))]
    if not learned or examples.horizon_days is None or not splits.train.any():
        return Candidates(recipes, trials[0], features)
    folds = rolling_folds(
        examples,
        splits.train,
        horizon_days=examples.horizon_days,
        folds=settings.selection_folds,
        seed=settings.seed,
    )
    schema: FeatureSchema | None = None
    if settings.feature_selection == "auto":
        with threads_for(MAX_JUDGED_ROWS):
            selection = select_features(examples, splits.train, folds, seed=settings.seed)
        schema, features = selection.schema, selection.table
        progress(selection.summary)
    for name in learned:
        recipes[name] = replace(recipes[name], schema=schema)
        if settings.tune_trials:
            recipes[name], table = tune(
                recipes[name],
                examples,
                folds,
                trials=settings.tune_trials,
                study_path=study_path,
                progress=progress,
            )
            trials.append(table)
    return Candidates(recipes, pd.concat(trials, ignore_index=True), features)


def recipes_as_served(
    recipes: Mapping[str, Recipe], parameters: Mapping[str, Parameters]
) -> dict[str, Recipe]:
    """Return the recipes of what is served, where the run has found other parameters.

    Parameters
    ----------
    recipes : mapping of str to Recipe
        Those of the run, what is served among them.
    parameters : mapping of str
        Of what is served and, if it is a blend, of its members.

    Returns
    -------
    dict of str to Recipe
        By name, which ends in ``AS_SERVED``; a blend of any of them last.
    """
    others = [
        replace(recipes[kind], name=f"{kind}{AS_SERVED}", parameters=served)
        for kind, served in parameters.items()
        if kind != ENSEMBLE and recipes[kind].parameters != served
    ]
    if others and ENSEMBLE in parameters:
        others.append(replace(recipes[ENSEMBLE], name=f"{ENSEMBLE}{AS_SERVED}"))
    return {recipe.name: recipe for recipe in others}
