"""Measure how many customers get their reasons per second of processor time, for every model.

The customers are synthetic but shaped like ``customer_features``: counts, heavy-tailed amounts,
unknown values and categories. Permutation Shapley, which serves models that cannot split their
own logits, is measured beside it on fewer customers.

Example
-------
python benchmarks/explanation.py --customers 20000 --models logistic boosting
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segml.calibration import fit_calibrator
from segml.dataset import Examples, FeatureSchema, Predictions
from segml.explanation import explain, reference_row
from segml.models import ENSEMBLE, build_model, model_names
from segml.models.base import TierModel
from segml.models.calibrator import Calibrator
from segml.shapley import shapley_contributions
from segml.threads import threads_for

COUNTS, AMOUNTS, GAPS = 24, 16, 12
CATEGORIES = {
    "rfm_segment": 10,
    "top_category": 12,
    "last_channel": 4,
    "age_band": 8,
    "gender": 3,
    "country": 40,
}
TRAINING_CUSTOMERS = 5_000
BLENDED = ("logistic", "svm", "forest", "boosting", "dnn")  # the default candidates of a run
SEED = 42


@dataclass(frozen=True)
class Served:
    """A model behind its calibrator, without an artifact."""

    model: TierModel
    calibrator: Calibrator

    def predict(self, examples: Examples) -> Predictions:
        """Return calibrated predictions."""
        return self.calibrator.apply(self.model.predict(examples))


def main() -> None:
    """Fit each model once and print its customers per second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--permutation-customers", type=int, default=200)
    parser.add_argument("--models", nargs="+", choices=model_names(), default=model_names())
    parser.add_argument("--calibration", choices=("none", "vector", "isotonic"), default="vector")
    arguments = parser.parse_args()

    shop = draw_customers(max(TRAINING_CUSTOMERS, arguments.customers))
    training, reference = shop.take(np.arange(TRAINING_CUSTOMERS)), reference_row(shop)
    print(f"{len(shop.schema.names)} features, customers per second of processor time")
    print(f"{'model':<12}{'reasons':>12}{'permutation':>14}")
    for name in arguments.models:
        parameters = dict.fromkeys(BLENDED, 1.0) if name == ENSEMBLE else None
        model = build_model(name, seed=SEED, parameters=parameters).fit(training)
        probabilities = model.predict(training).tier_probabilities
        calibrator = fit_calibrator(arguments.calibration, probabilities, training.value_tier)
        served = Served(model, calibrator)

        some = shop.take(np.arange(arguments.customers))
        start = time.process_time()
        with threads_for(len(some)):  # as segml predict does
            explain(served, some, reference, top=3, seed=SEED)
        reasons = arguments.customers / (time.process_time() - start)

        few = shop.take(np.arange(arguments.permutation_customers))
        start = time.process_time()
        shapley_contributions(served, few, reference, seed=SEED)
        permutation = arguments.permutation_customers / (time.process_time() - start)
        print(f"{name:<12}{reasons:>12,.0f}{permutation:>14,.0f}", flush=True)


def draw_customers(customers: int) -> Examples:
    """Draw customers whose latent purchase rate drives features and outcome."""
    generator = np.random.default_rng(SEED)
    rate = generator.gamma(0.8, 1.5, customers)
    columns: dict[str, np.ndarray] = {}
    for number in range(COUNTS):
        columns[f"count_{number}"] = generator.poisson(rate * (1 + number % 6)).astype(float)
    for number in range(AMOUNTS):
        columns[f"amount_{number}"] = (1 + rate) * generator.lognormal(3, 1, customers)
    for number in range(GAPS):
        gap = generator.exponential(90 / (0.2 + rate))
        columns[f"gap_{number}_days"] = np.where(
            generator.random(customers) < 0.1 + 0.05 * number, np.nan, gap
        )
    columns["order_count_90d"] = generator.poisson(rate).astype(float)
    columns["net_revenue_90d"] = columns["order_count_90d"] * generator.lognormal(3, 1, customers)
    numeric = tuple(columns)
    for name, size in CATEGORIES.items():
        level = np.argsort(np.argsort(rate + generator.normal(size=customers))) * size // customers
        labels = np.array([f"{name}_{position}" for position in range(size)], dtype=object)[level]
        labels[generator.random(customers) < 0.05] = None
        columns[name] = labels
    bought = generator.random(customers) < rate / (1 + rate)
    revenue = np.where(bought, (1 + rate) * generator.lognormal(3, 1, customers), 0.0)
    tier = np.where(revenue == 0, 0, np.where(revenue < np.quantile(revenue, 0.8), 1, 2))
    return Examples(
        customer_key=np.array([f"customer-{number:07d}" for number in range(customers)]),
        snapshot_date=np.full(customers, np.datetime64("2024-01-01")),
        features=pd.DataFrame(columns),
        value_tier=tier.astype(np.int8),
        net_revenue=revenue,
        schema=FeatureSchema(numeric, tuple(CATEGORIES)),
    )


if __name__ == "__main__":
    main()
