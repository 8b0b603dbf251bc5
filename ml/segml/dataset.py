"""Rows of the feature mart as arrays: what models see, free of SQL."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.sequences import RECENT_EVENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segml.sequences import EventSequences

TIERS = ("low", "mid", "high")
UNOBSERVED_TIER = -1
# columns that stay with the baselines when a user excludes them from the models
BASELINE_FEATURES = ("rfm_segment", "order_count_*d", "net_revenue_*d")


@dataclass(frozen=True)
class FeatureSchema:
    """Names of the model inputs, by kind, in the order of the mart's columns.

    Parameters
    ----------
    numeric, categorical : tuple of str
        What models see.
    baseline_numeric, baseline_categorical : tuple of str
        What the user excluded, but a baseline is made of: there beside the features, for that
        baseline only.
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    baseline_numeric: tuple[str, ...] = ()
    baseline_categorical: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All feature names, numeric first."""
        return self.numeric + self.categorical

    @property
    def feature_hash(self) -> str:
        """Fingerprint of names, kinds and order; stored with a model and checked on loading."""
        text = "|".join([*self.numeric, "#", *self.categorical])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Examples:
    """Customers at snapshots, ordered by snapshot_date and customer_key.

    Parameters
    ----------
    customer_key : array of str, shape (n,)
        Pseudonymous customer keys.
    snapshot_date : array of datetime64[D], shape (n,)
        The day boundary as of which the features are known.
    features : DataFrame, shape (n, p)
        Numeric columns as float64 with NaN for unknown, categorical columns as ``object``
        with ``None`` for unknown.
    value_tier : array of int8, shape (n,)
        Index into ``class_names``; -1 where the outcome is not observed.
    net_revenue : array of float64, shape (n,)
        Net revenue within the horizon in currency; NaN where not observed.
    sequences : EventSequences, optional
        Present when a model asked for them.
    class_names : tuple of str
        What ``value_tier`` indexes: the value tiers, or the classes of somebody's own table, two
        or more, which have no revenue behind them.
    horizon_days : int, optional
        Length of the outcome window, where there is one.
    """

    customer_key: NDArray[np.str_]
    snapshot_date: NDArray[np.datetime64]
    features: pd.DataFrame
    value_tier: NDArray[np.int8]
    net_revenue: NDArray[np.float64]
    schema: FeatureSchema
    sequences: EventSequences | None = None
    class_names: tuple[str, ...] = TIERS
    horizon_days: int | None = None

    def __len__(self) -> int:
        """Return the number of customer-snapshots."""
        return len(self.customer_key)

    def take(self, selection: NDArray[np.bool_] | NDArray[np.int_]) -> Examples:
        """Return the selected rows (boolean mask or positions), order kept as given."""
        return replace(
            self,
            customer_key=self.customer_key[selection],
            snapshot_date=self.snapshot_date[selection],
            features=self.features.loc[selection]
            if selection.dtype == np.bool_
            else self.features.iloc[selection],
            value_tier=self.value_tier[selection],
            net_revenue=self.net_revenue[selection],
            sequences=None if self.sequences is None else self.sequences.take(selection),
        )

    @property
    def reasons(self) -> pd.DataFrame:
        """What a prediction can be put down to: the features, then the events where present."""
        features = self.features[list(self.schema.names)]
        if self.sequences is None:
            return features
        return features.assign(**{RECENT_EVENTS: self.sequences.newest_in_words()})

    @property
    def has_value_tiers(self) -> bool:
        """True where the classes are the value tiers, of which the first buys nothing."""
        return self.class_names == TIERS

    @property
    def observed(self) -> NDArray[np.bool_]:
        """True where the outcome is known, shape (n,)."""
        observed: NDArray[np.bool_] = self.value_tier != UNOBSERVED_TIER
        return observed


@dataclass(frozen=True)
class Predictions:
    """Model output for n customer-snapshots.

    Parameters
    ----------
    tier_probabilities : array of float64, shape (n, k)
        P(class) in the order of the ``class_names`` of the examples; rows sum to one.
    conditional_revenue : array of float64, shape (n, k - 1)
        E[net revenue within the horizon | class] in currency, for all classes but the first,
        which buys nothing: ``mid`` and ``high`` of the value tiers. Zeros where training had no
        revenue.
    """

    tier_probabilities: NDArray[np.float64]
    conditional_revenue: NDArray[np.float64]

    def take(self, selection: NDArray[np.bool_]) -> Predictions:
        """Return those of the selected rows."""
        return Predictions(self.tier_probabilities[selection], self.conditional_revenue[selection])

    @property
    def expected_net_revenue(self) -> NDArray[np.float64]:
        """E[net revenue within the horizon] in currency, shape (n,); follows the tiers."""
        expected: NDArray[np.float64] = (
            self.tier_probabilities[:, 1:] * self.conditional_revenue
        ).sum(axis=1)
        return expected

    @property
    def purchase_probability(self) -> NDArray[np.float64]:
        """P(at least one order within the horizon), shape (n,)."""
        purchase: NDArray[np.float64] = 1.0 - self.tier_probabilities[:, 0]
        return purchase


def data_fingerprint(examples: Examples) -> str:
    """Return a hash of all values that a model learns from, independent of where they lie."""
    digest = hashlib.sha256()
    frame = examples.features.assign(
        customer_key=examples.customer_key,
        snapshot_date=examples.snapshot_date,
        value_tier=examples.value_tier,
        net_revenue=examples.net_revenue,
    )
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    if (events := examples.sequences) is not None:
        for values in (events.event_type, events.category, events.log_amount, events.days_before):
            digest.update(values.tobytes())
        digest.update(repr((events.event_types, events.categories)).encode())
    return digest.hexdigest()[:16]


def hash_fraction(keys: Sequence[str] | NDArray[np.str_], salt: str) -> NDArray[np.float64]:
    """Map each key to a fixed number in [0, 1): the same customer always falls the same way.

    Splits use this instead of row order, so that shuffled warehouse rows change nothing.
    """
    unique_keys, positions = np.unique(np.asarray(keys, dtype=str), return_inverse=True)
    digests = (
        hashlib.blake2b(f"{salt}:{key}".encode(), digest_size=8).digest() for key in unique_keys
    )
    fractions = np.array([int.from_bytes(digest) / 2**64 for digest in digests], dtype=np.float64)
    return fractions[positions]


def draw_customers(
    keys: Sequence[str] | NDArray[np.str_], share: float, salt: str
) -> NDArray[np.bool_]:
    """Mark the rows of a fixed sample: about ``share`` of the customers, all of them from 1 on."""
    if share >= 1:
        return np.ones(len(keys), dtype=np.bool_)
    drawn: NDArray[np.bool_] = hash_fraction(keys, salt) < share
    return drawn


def sample_customers(examples: Examples, maximum_rows: int, salt: str) -> Examples:
    """Return all examples, or above ``maximum_rows`` about so many, of a fixed sample of customers.

    All rows of a customer are in the sample or none is.
    """
    if len(examples) <= maximum_rows:
        return examples
    return examples.take(draw_customers(examples.customer_key, maximum_rows / len(examples), salt))


def customer_fold(
    keys: Sequence[str] | NDArray[np.str_], folds: int, salt: str
) -> NDArray[np.int_]:
    """Deal customers into ``folds`` groups of equal size: fold number of each key, shape (n,).

    All rows of one customer share a fold, so no customer is learned from and judged at once.
    No fold is empty unless there are fewer customers than folds.
    """
    fractions, rank_of_row = np.unique(hash_fraction(keys, salt), return_inverse=True)
    fold: NDArray[np.int_] = rank_of_row * folds // len(fractions)
    return fold


def outcome_fold(examples: Examples, folds: int, salt: str) -> NDArray[np.int_]:
    """Deal customers into ``folds`` groups that share out every outcome: fold numbers (n,).

    Customers are dealt tier by tier, each counted by the highest tier of any of their rows, so
    that a tier of few customers is missing from as few folds as possible.
    """
    keys, customer_of_row = np.unique(examples.customer_key, return_inverse=True)
    highest = np.full(len(keys), UNOBSERVED_TIER, dtype=np.int8)
    np.maximum.at(highest, customer_of_row, examples.value_tier)
    fold = np.empty(len(keys), dtype=np.int_)
    fold[np.lexsort((hash_fraction(keys, salt), highest))] = np.arange(len(keys)) % folds
    dealt: NDArray[np.int_] = fold[customer_of_row]
    return dealt
