"""Models that read the same feature mart: gradient boosting libraries and the usual recipe."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from peers.data_sets import Task
from peers.scores import TierForecast
from segml.dataset import TIERS, Examples
from segml.models.base import complete_probabilities
from segml.models.preprocessing import informative_columns, model_frame

THREADS = 2
LIGHTGBM_STRONG = {
    "n_estimators": 300,
    "learning_rate": 0.02,
    "num_leaves": 4,
    "min_child_samples": 200,
    "reg_lambda": 50.0,
    "colsample_bytree": 0.2,
    "subsample": 0.7,
    "subsample_freq": 1,
}
CATBOOST_STRONG = {
    "iterations": 400,
    "learning_rate": 0.03,
    "depth": 3,
    "l2_leaf_reg": 50.0,
    "rsm": 0.2,
}
# the article's network, for which it gives no more than the widths and that there is dropout
ARTICLE_UNITS, ARTICLE_DROPOUT, ARTICLE_EPOCHS, ARTICLE_BATCH = (64, 128), 0.3, 20, 32


def lightgbm(task: Task, seed: int, *, strong: bool) -> TierForecast:
    """LightGBM: a classifier of tiers and a Tweedie regression of revenue."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    strength = LIGHTGBM_STRONG if strong else {}
    settings = {"random_state": seed, "verbose": -1, "n_jobs": THREADS, **strength}
    train, test = _frames(task, "category")
    learned = task.development
    classifier = LGBMClassifier(**settings).fit(train, learned.value_tier)
    revenue = LGBMRegressor(objective="tweedie", **settings)
    revenue.fit(train, np.maximum(learned.net_revenue, 0))
    probabilities = complete_probabilities(classifier.predict_proba(test), classifier.classes_)
    return TierForecast(probabilities, revenue.predict(test))


def catboost(task: Task, seed: int, *, strong: bool) -> TierForecast:
    """CatBoost: a classifier of tiers and a Tweedie regression of revenue."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    train, test = _frames(task, "object")
    learned = task.development
    settings = {
        "random_seed": seed,
        "verbose": False,
        "thread_count": THREADS,
        "allow_writing_files": False,
        "cat_features": list(learned.schema.categorical),
    }
    settings |= CATBOOST_STRONG if strong else {}
    classifier = CatBoostClassifier(loss_function="MultiClass", **settings)
    classifier.fit(train, learned.value_tier)
    revenue = CatBoostRegressor(loss_function="Tweedie:variance_power=1.5", **settings)
    revenue.fit(train, np.maximum(learned.net_revenue, 0))
    probabilities = complete_probabilities(classifier.predict_proba(test), classifier.classes_)
    return TierForecast(probabilities, revenue.predict(test, prediction_type="Exponent"))


def article_logistic(task: Task, seed: int) -> TierForecast:
    """Scikit-learn's default logistic regression on standardised features."""
    train, test = _scaled(task)
    learned = task.development
    model = LogisticRegression(max_iter=300, random_state=seed).fit(train, learned.value_tier)
    probabilities = complete_probabilities(model.predict_proba(test), model.classes_)
    return with_mean_revenue(probabilities, learned)


def article_network(task: Task, seed: int) -> TierForecast:
    """Two dense layers of 64 and 128 units with dropout on standardised features."""
    import keras

    train, test = _scaled(task)
    learned = task.development
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((train.shape[1],))]
    for units in ARTICLE_UNITS:
        layers += [keras.layers.Dense(units, "relu"), keras.layers.Dropout(ARTICLE_DROPOUT)]
    network = keras.Sequential([*layers, keras.layers.Dense(len(TIERS), "softmax")])
    network.compile("adam", "sparse_categorical_crossentropy")
    network.fit(
        train, learned.value_tier, epochs=ARTICLE_EPOCHS, batch_size=ARTICLE_BATCH, verbose=0
    )
    probabilities = network.predict(test, verbose=0).astype(np.float64)
    return with_mean_revenue(complete_probabilities(probabilities, range(len(TIERS))), learned)


PEERS = {
    "LightGBM, usual settings": lambda task, seed: lightgbm(task, seed, strong=False),
    "LightGBM, strongly regularised": lambda task, seed: lightgbm(task, seed, strong=True),
    "CatBoost, usual settings": lambda task, seed: catboost(task, seed, strong=False),
    "CatBoost, strongly regularised": lambda task, seed: catboost(task, seed, strong=True),
    "article's logistic regression": article_logistic,
    "article's network 64-128": article_network,
}


def _frames(
    task: Task, category_type: Literal["category", "object"]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return learning and test features, categories as the library wants them."""
    rows = task.splits.development, task.splits.test
    frame = model_frame(task.examples)
    names = list(task.examples.schema.categorical)
    frame[names] = frame[names].astype(category_type)
    return frame[rows[0]], frame[rows[1]]


def _scaled(task: Task) -> tuple[np.ndarray, np.ndarray]:
    train, test = _frames(task, "object")
    schema = task.examples.schema
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    transformer = ColumnTransformer(
        [
            ("numeric", numeric, informative_columns(train, schema.numeric)),
            ("categorical", one_hot, list(schema.categorical)),
        ]
    )
    return transformer.fit_transform(train), transformer.transform(test)


def with_mean_revenue(probabilities: np.ndarray, learned: Examples) -> TierForecast:
    """Expect the mean revenue of each tier: the usual recipe has no model of revenue."""
    means = [learned.net_revenue[learned.value_tier == tier].mean() for tier in range(len(TIERS))]
    return TierForecast(probabilities, probabilities @ np.array(means))
