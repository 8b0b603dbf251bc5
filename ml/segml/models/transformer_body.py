"""The networks of a transformer with what they read: from examples to tokens to outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segml.models.keras_runtime import call_in_parts, precision_of_device
from segml.models.transformer_inputs import event_arrays
from segml.models.transformer_network import (
    event_encoder,
    feature_tokenizer,
    sequence_token,
    tier_network,
)
from segml.sequences import RECENT_EVENTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.dataset import Examples
    from segml.models.transformer_config import TransformerConfig
    from segml.models.transformer_inputs import FeatureInputs
    from segml.sequences import EventSequences

    Matrix = NDArray[np.float32]

CALL_ROWS = 2_048


@dataclass(frozen=True)
class Vocabulary:
    """The events that training has seen, by name."""

    event_types: tuple[str, ...]
    categories: tuple[str, ...]


class TransformerBody:
    """Three networks: events to a token, features to tokens, all tokens to outcomes.

    Parameters
    ----------
    vocabulary : Vocabulary or None
        None leaves events out.
    class_count : int
    """

    def __init__(
        self,
        keras: Any,  # noqa: ANN401
        config: TransformerConfig,
        features: FeatureInputs,
        vocabulary: Vocabulary | None,
        class_count: int,
    ) -> None:
        self.config, self.features, self.vocabulary = config, features, vocabulary
        with precision_of_device(keras):
            self.tokenizer: Any = feature_tokenizer(keras, config, features)
            self.encoder: Any = None
            self.sequence: Any = None
            if vocabulary:
                self.encoder = event_encoder(
                    keras, config, len(vocabulary.event_types), len(vocabulary.categories)
                )
                self.sequence = sequence_token(keras, config, self.encoder)
            self.tiers: Any = tier_network(keras, config, len(self.names), class_count)

    @property
    def names(self) -> tuple[str, ...]:
        """What each token stands for."""
        return self.features.names + ((RECENT_EVENTS,) if self.vocabulary else ())

    @property
    def networks(self) -> list[Any]:
        """The networks that hold all weights."""
        return [item for item in (self.tokenizer, self.sequence, self.tiers) if item is not None]

    def events(self, examples: Examples) -> EventSequences | None:
        """Return the events of examples as training has numbered them."""
        if self.vocabulary is None or examples.sequences is None:
            return None
        return examples.sequences.with_vocabulary(
            self.vocabulary.event_types, self.vocabulary.categories
        )

    def tokens(self, examples: Examples) -> Matrix:
        """Return one token per feature and one for the events, shape (n, tokens, width)."""
        features = self.features.arrays(examples)

        def tokens_of(rows: slice) -> dict[str, Any]:
            inputs = {name: values[rows] for name, values in features.items()}
            return {"tokens": self.tokenizer(inputs, training=False)}

        tokens = call_in_parts(tokens_of, len(examples), CALL_ROWS)["tokens"]
        if self.vocabulary is None:
            return tokens
        return np.concatenate([tokens, self._sequence_tokens(examples)], axis=1)

    def _sequence_tokens(self, examples: Examples) -> Matrix:
        """Return the token of the events, shape (n, 1, width); zeros where none are known."""
        events, everybody = self.events(examples), np.arange(len(examples))
        if events is None:
            return np.zeros((len(examples), 1, self.config.width), np.float32)

        def token_of(rows: slice) -> dict[str, Any]:
            inputs = event_arrays(events.take(everybody[rows]), self.config.events)
            return {"token": self.sequence(inputs, training=False)}

        return call_in_parts(token_of, len(examples), CALL_ROWS)["token"][:, None]

    def outputs(self, tokens: Matrix) -> dict[str, Matrix]:
        """Return ``tier`` (n, classes) and ``revenue`` (n, 2)."""
        return call_in_parts(
            lambda rows: self.tiers(tokens[rows], training=False), len(tokens), CALL_ROWS
        )
