"""A warning where the class was computed from the columns beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segml.evaluation import defines_class
from segml.models.single_feature import cross_fitted_rules

if TYPE_CHECKING:
    from segml.dataset import Examples


def defining_features(train: Examples, *, seed: int) -> dict[str, float]:
    """Find the features that nearly name the class alone.

    The rule of each feature is learned from some customers and judged on others, so that chance
    does not make a feature suspicious.

    Returns
    -------
    dict of str to float
        Name of the feature and share of customers whose class its rule names, most first.
    """
    largest_class = np.bincount(train.value_tier).max() / len(train)
    accuracy = {
        feature: float((probabilities.argmax(axis=1) == train.value_tier).mean())
        for feature, probabilities in cross_fitted_rules(train, seed=seed).items()
    }
    suspicious = {
        feature: share for feature, share in accuracy.items() if defines_class(share, largest_class)
    }
    return dict(sorted(suspicious.items(), key=lambda item: (-item[1], item[0])))


def describe_alarm(features: dict[str, float]) -> str:
    """Return the warning in one sentence; empty if nothing is suspicious."""
    if not features:
        return ""
    found = ", ".join(f"{name} ({share:.0%})" for name, share in features.items())
    return (
        f"One feature alone names the class of nearly every customer: {found}. The class was "
        "probably computed from it, so that a model only learns that rule; leave the feature out "
        "with the setting excluded_features to see what the others know"
    )
