"""What the past can tell of a customer at all: the process itself, learned from many others.

A model that learns from very many customers of the same process and the same days, the outcomes of
the test window among them, comes to know its laws, its season and its campaigns. What it cannot
know are the hidden traits and states of the customer that it is asked about.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from peers.data_sets import Task
from peers.scores import TierForecast
from peers.tabular import THREADS, with_mean_revenue
from segml.dataset import Examples, Predictions, customer_fold
from segml.models.base import complete_probabilities
from segml.models.preprocessing import model_frame
from segml.recipe import Recipe

STOPPING_FOLDS = 10
LIGHTGBM = {
    "n_estimators": 3_000,  # at most
    "learning_rate": 0.03,
    "num_leaves": 15,
    "min_child_samples": 200,
    "reg_lambda": 10.0,
    "colsample_bytree": 0.3,
    "subsample": 0.7,
    "subsample_freq": 1,
    "n_jobs": THREADS,
    "verbose": -1,
}


def with_known_process(
    task: Task, reference: Task, seed: int
) -> dict[str, TierForecast | Predictions]:
    """Return forecasts of the test rows by models that know the process from another shop.

    Parameters
    ----------
    reference : Task
        Other customers of the same process; their tiers are cut where those of ``task`` are.
    """
    others = reference.examples.take(reference.splits.labelled)
    is_high = others.net_revenue >= task.high_value_threshold
    tier = np.where(others.value_tier == 0, 0, np.where(is_high, 2, 1)).astype(np.int8)
    others = replace(others, value_tier=tier, horizon_days=task.plan.horizon_days)
    known = f"the process learned from {len(np.unique(others.customer_key)):,} others"
    return {
        f"{known}, LightGBM": _boosted(others, task.test, seed),
        f"{known}, network": Recipe("dnn", seed).fit(others).predict(task.test),
    }


def _boosted(others: Examples, test: Examples, seed: int) -> TierForecast:
    """Stop where customers who are left out are predicted best."""
    from lightgbm import LGBMClassifier, early_stopping

    learned, asked = model_frame(others), model_frame(test)
    for name in others.schema.categorical:
        learned[name] = learned[name].astype("category")
        asked[name] = pd.Categorical(asked[name], categories=learned[name].cat.categories)
    tier = others.value_tier
    out = customer_fold(others.customer_key, STOPPING_FOLDS, f"process:{seed}") == 0
    model = LGBMClassifier(random_state=seed, **LIGHTGBM)
    model.fit(
        learned[~out],
        tier[~out],
        eval_set=[(learned[out], tier[out])],
        callbacks=[early_stopping(100, verbose=False)],
    )
    probabilities = complete_probabilities(model.predict_proba(asked), model.classes_)
    return with_mean_revenue(probabilities, others)
