"""Sizes and habits of the transformer: two presets and what a tuner may vary."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from segml.models.search_space import Span

if TYPE_CHECKING:
    from segml.models.search_space import Parameters, SearchSpace

SEARCH_SPACE: SearchSpace = {
    "dropout": Span(0.1, 0.5),
    "token_dropout": Span(0.0, 0.5),
    "learning_rate": Span(3e-4, 5e-3, log=True),
    "weight_decay": Span(1e-4, 0.3, log=True),
}


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """What a transformer is made of; the defaults are the preset ``small``.

    Parameters
    ----------
    width, heads : int
        Numbers per token, and parts that attend separately.
    bins : int
        Pieces of the piecewise-linear encoding of a number.
    events : int
        The newest events that are looked at; 0 looks at none.
    event_blocks, feature_blocks : int
        Blocks of self-attention over events, and over feature tokens.
    queries, pooling_blocks : int
        Learned questions to all tokens, and how often each is asked.
    token_dropout : float
        Share of whole features, or the whole sequence, hidden in training.
    epochs, pretraining_epochs : int
        The most passes over the rows and over the sequences; no pre-training at 0.
    """

    width: int = 32
    heads: int = 4
    bins: int = 8
    events: int = 32
    event_blocks: int = 2
    feature_blocks: int = 0
    queries: int = 4
    pooling_blocks: int = 1
    dropout: float = 0.2
    token_dropout: float = 0.2
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    batch_rows: int = 256
    epochs: int = 12
    pretraining_epochs: int = 10
    patience_epochs: int = 3

    @classmethod
    def of(cls, parameters: Parameters | None) -> TransformerConfig:
        """Return a preset (``small`` unless named) with some values replaced."""
        values: dict[str, Any] = dict(parameters or {})
        preset = PRESETS[values.pop("preset", "small")]
        # a tuner may draw 3.0 where 3 is meant
        whole = {field.name for field in fields(cls) if isinstance(field.default, int)}
        return cls(
            **{
                name: int(value) if name in whole else value
                for name, value in {**preset, **values}.items()
            }
        )

    def for_sequences_of(self, length: int) -> TransformerConfig:
        """Return the same with no room for more events than there are: attention costs its square.

        Parameters
        ----------
        length : int
            Events of the longest sequence.
        """
        return replace(self, events=min(self.events, length))


PRESETS: dict[str, dict[str, float | int]] = {
    "small": {},
    "large": {
        "width": 96,
        "heads": 8,
        "bins": 16,
        "events": 256,
        "event_blocks": 4,
        "feature_blocks": 3,
        "queries": 8,
        "pooling_blocks": 2,
        "learning_rate": 5e-4,
        "batch_rows": 512,
        "epochs": 40,
        "pretraining_epochs": 30,
        "patience_epochs": 5,
    },
}
