"""From examples to what the transformer reads: numbers, categories and the newest events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segml.models.preprocessing import model_frame, tree_preprocessor
from segml.models.storage import load_estimator, save_estimator

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from segml.dataset import Examples
    from segml.sequences import EventSequences

    Inputs = dict[str, NDArray[Any]]

SMALLEST_BIN = 1e-6  # narrower pieces of the encoding would only be rounding


@dataclass(frozen=True)
class FeatureInputs:
    """Which features are looked at, and how numbers fall into bins.

    Parameters
    ----------
    preprocessor : ColumnTransformer
        Passes numbers on and numbers the categories, -1 for unseen ones.
    numeric, categorical : tuple of str
        The features that vary in training.
    lower, width : array of float32, shape (len(numeric), bins)
        Start and length of each piece of arcsinh(value); length 0 where there are fewer pieces.
    category_counts : tuple of int
        Categories of each categorical feature, not counting unseen ones.
    """

    preprocessor: Any
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    lower: NDArray[np.float32]
    width: NDArray[np.float32]
    category_counts: tuple[int, ...]

    @classmethod
    def fit(cls, train: Examples, bins: int) -> FeatureInputs:
        """Learn categories, and bins at the quantiles of each number."""
        frame = model_frame(train)
        preprocessor, is_category = tree_preprocessor(frame, train.schema)
        matrix = preprocessor.fit_transform(frame)
        numbers = np.arcsinh(matrix[:, ~np.array(is_category, dtype=bool)].astype(np.float64))
        pieces = [_pieces(column[~np.isnan(column)], bins) for column in numbers.T]
        codes = matrix[:, np.array(is_category, dtype=bool)]
        return cls(
            preprocessor=preprocessor,
            numeric=tuple(preprocessor.transformers_[0][2]),
            categorical=tuple(preprocessor.transformers_[1][2]),
            lower=np.array([lower for lower, _ in pieces], np.float32).reshape(-1, bins),
            width=np.array([width for _, width in pieces], np.float32).reshape(-1, bins),
            category_counts=tuple(int(column.max()) + 1 for column in codes.T),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The feature behind each token."""
        return self.numeric + self.categorical

    def arrays(self, examples: Examples) -> Inputs:
        """Return ``numbers`` (n, f), NaN where unknown, and ``codes`` (n, c), where there are any.

        Each categorical feature has a range of codes, the first of which stands for unseen.
        """
        matrix = self.preprocessor.transform(model_frame(examples))
        split = len(self.numeric)
        inputs: Inputs = {}
        if self.numeric:
            inputs["numbers"] = np.arcsinh(matrix[:, :split].astype(np.float64)).astype(np.float32)
        if self.categorical:
            offsets = np.cumsum([1 + count for count in self.category_counts])
            codes = matrix[:, split:].astype(np.int32) + offsets - self.category_counts
            inputs["codes"] = codes.astype(np.int32)
        return inputs

    def save(self, folder: Path) -> None:
        """Write the preprocessor and the bins."""
        save_estimator(self.preprocessor, folder / "transformer_preprocessor.skops")
        with (folder / "transformer_bins.npz").open("wb") as file:
            np.savez(file, lower=self.lower, width=self.width, counts=self.category_counts)

    @classmethod
    def load(cls, folder: Path) -> FeatureInputs:
        """Read what ``save`` wrote."""
        preprocessor = load_estimator(folder / "transformer_preprocessor.skops")
        with np.load(folder / "transformer_bins.npz", allow_pickle=False) as stored:
            return cls(
                preprocessor=preprocessor,
                numeric=tuple(preprocessor.transformers_[0][2]),
                categorical=tuple(preprocessor.transformers_[1][2]),
                lower=stored["lower"],
                width=stored["width"],
                category_counts=tuple(int(count) for count in stored["counts"]),
            )


def event_arrays(events: EventSequences, length: int) -> Inputs:
    """Return the newest events: numbers of types and categories from 1 on, 0 where unknown.

    ``measures`` (n, length, 3) holds log amount, log days before the snapshot, and log days since
    the event before; ``is_event`` (n, length) is false on the left of shorter sequences.
    """
    width = events.days_before.shape[1]
    days = _newest(events.days_before, length)
    older = _newest(events.days_before[:, : width - 1], length) if width > 1 else 0 * days
    is_event = days > 0
    gap = np.where(is_event & (older > 0), older - days, 0)
    amount = np.where(is_event, _newest(events.log_amount, length), 0)
    return {
        "event_type": np.where(is_event, _newest(events.event_type, length) + 1, 0),
        "category": np.where(is_event, _newest(events.category, length) + 1, 0),
        "measures": np.stack([amount, np.log1p(days), np.log1p(gap)], axis=-1).astype(np.float32),
        "is_event": is_event,
    }


def _newest(values: NDArray[Any], length: int) -> NDArray[Any]:
    """Return the last columns, padded with zeros on the left where there are fewer."""
    kept = values[:, -length:].astype(np.float32 if values.dtype.kind == "f" else np.int32)
    return np.pad(kept, ((0, 0), (length - kept.shape[1], 0)))


def _pieces(values: NDArray[np.float64], bins: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return starts and lengths of at most ``bins`` pieces between distinct quantiles."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
    edges = edges[np.concatenate([[True], np.diff(edges) > SMALLEST_BIN])]
    lower, width = np.zeros(bins), np.zeros(bins)
    if len(edges) > 1:
        lower[: len(edges) - 1], width[: len(edges) - 1] = edges[:-1], np.diff(edges)
    return lower, width
