"""Search for the parameters of a model, on train rows only; a killed search goes on."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
import pandas as pd
from optuna.trial import TrialState

from segml.models import search_space_of
from segml.models.search_space import Choice
from segml.rolling import rolling_log_losses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from segml.dataset import Examples
    from segml.models.search_space import Parameters, ParameterValue, SearchSpace
    from segml.recipe import Recipe
    from segml.splits import SelectionFold

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
RANDOM_TRIALS = 5  # before the search learns from what it has seen
JUDGED_BEFORE_PRUNING = 1  # folds that even a hopeless trial gets
TUNING_COLUMNS = ("model_name", "trial", "parameters_json", "value", "state")


def tune(
    recipe: Recipe,
    examples: Examples,
    folds: tuple[SelectionFold, ...],
    *,
    trials: int,
    study_path: Path | None,
    progress: Callable[[str], None],
) -> tuple[Recipe, pd.DataFrame]:
    """Return the recipe with the best parameters found, and every trial.

    Trial 0 is the model as it is without tuning, so what is chosen is never worse than that on
    the folds. Tree-structured Parzen estimators (Bergstra et al. 2011) propose the others; a
    trial that after some folds is worse than the median of earlier ones is given up. Finished
    trials are kept in ``study_path``: a search that was killed continues there and proposes what
    it would have proposed without the kill.

    Parameters
    ----------
    folds : tuple of SelectionFold
        From ``rolling_folds``: rows of train snapshots only.
    trials : int
        Number of trials, trial 0 included.
    study_path : Path, optional
        SQLite file of this run's studies; in memory without it.

    Returns
    -------
    recipe : Recipe
        The given one with parameters.
    table : DataFrame
        model_name, trial, parameters_json, value (mean log loss in nats; of a pruned trial, over
        the folds it was given) and state (complete or pruned). Empty for a model without a
        search space.
    """
    space = search_space_of(recipe.name)
    if not space:
        return recipe, pd.DataFrame(columns=list(TUNING_COLUMNS))
    with _open_study(recipe, study_path) as study:
        done = len(study.get_trials(deepcopy=False, states=FINISHED))
        for number in range(done, trials):
            # a sampler per trial: its draws do not depend on how often the search was restarted
            seed = int(np.random.SeedSequence([recipe.seed, number]).generate_state(1)[0])
            study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=RANDOM_TRIALS)
            study.optimize(_objective(recipe, examples, folds, space, number), n_trials=1)
            progress(
                f"{recipe.name}: trial {number + 1} of {trials}, "
                f"best log loss {study.best_value:.4f}"
            )
        finished = study.get_trials(deepcopy=False, states=FINISHED)[:trials]
    table = _describe(recipe.name, finished)
    best = table[table["state"] == "complete"].sort_values(["value", "trial"]).iloc[0]
    return _with_parameters(recipe, json.loads(best["parameters_json"])), table


def _with_parameters(recipe: Recipe, tuned: Parameters) -> Recipe:
    """Tune on top of what the settings say of the model, such as its size."""
    return replace(recipe, parameters={**recipe.parameters, **tuned})


@contextmanager
def _open_study(recipe: Recipe, path: Path | None) -> Iterator[optuna.Study]:
    """Open or create the study of one model; what a kill left running counts as never begun."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = None
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    try:
        study = optuna.create_study(
            study_name=recipe.name,
            storage=storage,
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(
                n_startup_trials=RANDOM_TRIALS, n_warmup_steps=JUDGED_BEFORE_PRUNING
            ),
        )
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(trial.number, state=TrialState.FAIL)
        yield study
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()


def prune_studies(current: Path) -> None:
    """Remove the studies of other data, settings or code: nothing will continue them."""
    for path in current.parent.glob("*.sqlite"):
        if path != current:
            path.unlink()


def _objective(
    recipe: Recipe,
    examples: Examples,
    folds: tuple[SelectionFold, ...],
    space: SearchSpace,
    number: int,
) -> Callable[[optuna.Trial], float]:
    def log_loss(trial: optuna.Trial) -> float:
        parameters = _propose(trial, space) if number else {}
        value = float("inf")
        tried = _with_parameters(recipe, parameters)
        for step, value in enumerate(rolling_log_losses(tried, examples, folds)):
            trial.report(value, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    return log_loss


def _propose(trial: optuna.Trial, space: SearchSpace) -> dict[str, ParameterValue]:
    proposed: dict[str, Any] = {}
    for name, item in space.items():
        if isinstance(item, Choice):
            proposed[name] = trial.suggest_categorical(name, item.values)
        elif item.integer:
            proposed[name] = trial.suggest_int(name, int(item.low), int(item.high), log=item.log)
        else:
            proposed[name] = trial.suggest_float(name, item.low, item.high, log=item.log)
    return proposed


def _describe(name: str, trials: list[optuna.trial.FrozenTrial]) -> pd.DataFrame:
    """Return one row per trial, numbered as if no kill had happened."""
    rows = [
        (name, number, _as_json(trial.params), trial.value, trial.state.name.lower())
        for number, trial in enumerate(trials)
    ]
    return pd.DataFrame(rows, columns=list(TUNING_COLUMNS))


def _as_json(parameters: Parameters) -> str:
    return json.dumps(dict(parameters), sort_keys=True)
