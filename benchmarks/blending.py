"""Compare ways to blend the candidates of one warehouse, and what calibrating them would do.

Weights are learned on the validation snapshot, cross-fitted by customer there, and judged on the
test snapshot together with models that have learned from train and validation snapshots.

Example
-------
python benchmarks/blending.py warehouse/retail.duckdb --models logistic forest boosting
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.special import softmax

from segml.blend_weights import fit_weights
from segml.blending import CROSS_FIT_FOLDS, fit_trials
from segml.calibration import fit_calibrator
from segml.dataset import Examples, customer_fold
from segml.mart import read_plan, read_training_examples
from segml.models.base import mean_log_loss
from segml.recipe import Recipe
from segml.schemas import read_schema
from segml.season_levels import row_log_losses
from segml.selection import Trial, run_trial
from segml.settings import Settings
from segml.splits import Splits, split_examples
from segml.warehouse import open_warehouse

EM_STEPS = 300
SETTINGS = Settings(calibrate=False)


def main() -> None:
    """Fit the models of one warehouse and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--models", nargs="+", default=["logistic", "svm", "forest", "boosting"])
    arguments = parser.parse_args()
    with open_warehouse(arguments.warehouse, read_only=True) as warehouse:
        plan, schema = read_plan(warehouse), read_schema(warehouse, ())
        examples = read_training_examples(warehouse, schema, maximum_examples=400_000)
    splits = split_examples(
        examples, plan.roles, horizon_days=plan.horizon_days, folds=3, seed=SETTINGS.seed
    )
    trials = [
        run_trial(Recipe(name, SETTINGS.seed), examples, splits, SETTINGS)
        for name in arguments.models
    ]
    fitted = fit_trials(trials, examples.take(splits.development), SETTINGS)
    test = examples.take(splits.test)
    tested = np.array([fitted[trial.name].predict(test).tier_probabilities for trial in trials])
    print_levels(trials, tested, examples, splits)
    print_members(trials, tested, examples, splits)
    print_blends(trials, tested, examples, splits)


def print_levels(
    trials: list[Trial], tested: np.ndarray, examples: Examples, splits: Splits
) -> None:
    """Print what every model expects of every period, and what is left at the level of each."""
    rows = [origin.validate for origin in splits.earlier] + [splits.validation, splits.test]
    days = [examples.snapshot_date[period][0] for period in rows]
    outcomes = [examples.value_tier[period] for period in rows]
    print("".join([f"{'':<12}", *(f"{day!s:>30}" for day in days)]))
    header = f"{'buyers':>10}{'log loss':>10}{'at level':>10}"
    print(f"{'model':<12}{header * len(days)}")
    seen = [f"{(tier > 0).mean():>10.4f}{'':>20}" for tier in outcomes]
    print(f"{'(seen)':<12}{''.join(seen)}")
    for trial, of_test in zip(trials, tested, strict=True):
        predicted = [each.tier_probabilities for each in trial.earlier]
        predicted += [trial.calibration.predictions.tier_probabilities, of_test]
        cells = [f"{trial.name:<12}"]
        for probabilities, tier in zip(predicted, outcomes, strict=True):
            logs = np.log(probabilities)
            losses = [row_log_losses(logs, tier, at_level=level).mean() for level in (False, True)]
            expected = 1 - probabilities[:, 0].mean()
            cells.append(f"{expected:>10.4f}{losses[0]:>10.4f}{losses[1]:>10.4f}")
        print("".join(cells))
    print()


def print_members(
    trials: list[Trial], tested: np.ndarray, examples: Examples, splits: Splits
) -> None:
    """Print log losses of every model as it is, and scaled by what validation taught."""
    print(f"{'model':<12}{'validation':>12}{'test':>9}{'scaled on validation':>22}{'test':>9}")
    tier, test_tier = examples.value_tier[splits.validation], examples.value_tier[splits.test]
    for trial, probabilities in zip(trials, tested, strict=True):
        validated = trial.calibration.predictions.tier_probabilities
        scaling = fit_calibrator("vector", validated, tier)
        losses = [
            mean_log_loss(validated, tier),
            mean_log_loss(probabilities, test_tier),
            mean_log_loss(scaling.transform(validated), tier),
            mean_log_loss(scaling.transform(probabilities), test_tier),
        ]
        print(
            f"{trial.name:<12}{losses[0]:>12.4f}{losses[1]:>9.4f}{losses[2]:>22.4f}{losses[3]:>9.4f}"
        )


def print_blends(
    trials: list[Trial], tested: np.ndarray, examples: Examples, splits: Splits
) -> None:
    """Print log losses of geometric and arithmetic means, with equal and learned weights."""
    tier, test_tier = examples.value_tier[splits.validation], examples.value_tier[splits.test]
    validated = np.array([trial.calibration.predictions.tier_probabilities for trial in trials])
    fold = customer_fold(examples.customer_key[splits.validation], CROSS_FIT_FOLDS, "blend")

    def equal(probabilities: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.full(len(probabilities), 1 / len(probabilities))

    def pooled_weights(probabilities: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
        return fit_weights(np.log(probabilities), outcomes)

    print(f"\n{'blend':<12}{'weights':<10}{'validation':>12}{'test':>9}")
    for blend, pool, learn in (
        ("geometric", geometric_mean, pooled_weights),
        ("arithmetic", arithmetic_mean, mixture_weights),
    ):
        for words, weigh in (("equal", equal), ("learned", learn)):
            crossed = np.empty_like(validated[0])
            for number in range(CROSS_FIT_FOLDS):
                inside, outside = fold != number, fold == number
                weights = weigh(validated[:, inside], tier[inside])
                crossed[outside] = pool(validated[:, outside], weights)
            final = pool(tested, weigh(validated, tier))
            losses = mean_log_loss(crossed, tier), mean_log_loss(final, test_tier)
            print(f"{blend:<12}{words:<10}{losses[0]:>12.4f}{losses[1]:>9.4f}")


def geometric_mean(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted geometric mean (n, k) of m members, normalised."""
    pooled: np.ndarray = softmax(np.tensordot(weights, np.log(probabilities), axes=1), axis=1)
    return pooled


def arithmetic_mean(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean (n, k) of m members."""
    return np.tensordot(weights, probabilities, axes=1)


def mixture_weights(probabilities: np.ndarray, tier: np.ndarray) -> np.ndarray:
    """Return the most likely weights of a mixture, by expectation maximisation."""
    observed = probabilities[:, np.arange(len(tier)), tier]
    weights = np.full(len(observed), 1 / len(observed))
    for _ in range(EM_STEPS):
        shares = weights[:, None] * observed
        weights = (shares / shares.sum(axis=0)).mean(axis=1)
    return weights


if __name__ == "__main__":
    main()
