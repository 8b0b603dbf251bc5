"""A transformer over feature tokens and the customer's events, in Keras on TensorFlow."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from segml.dataset import Predictions, customer_fold, data_fingerprint
from segml.models.attribution import sum_by_feature, with_total
from segml.models.base import LogitContributions, complete_probabilities
from segml.models.checkpoints import checkpoint_of
from segml.models.integrated_gradients import gauss_rule, path_gradients, tier_logits
from segml.models.keras_runtime import (
    call_in_parts,
    import_keras,
    load_weights,
    precision_of_device,
    save_weights,
)
from segml.models.network_fit import FitPlan, fit_network
from segml.models.storage import load_json, save_json
from segml.models.transformer_config import SEARCH_SPACE, TransformerConfig
from segml.models.transformer_inputs import FeatureInputs, event_arrays
from segml.models.transformer_network import (
    event_encoder,
    feature_tokenizer,
    joined_network,
    sequence_token,
    tier_network,
)
from segml.models.transformer_pretraining import pretrain
from segml.models.ziln import LOSS_WEIGHT, RevenueHead, lognormal_loss
from segml.sequences import RECENT_EVENTS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from segml.dataset import Examples
    from segml.models.network_fit import Batch
    from segml.models.search_space import Parameters, SearchSpace
    from segml.models.transformer_inputs import Inputs
    from segml.sequences import EventSequences

    Matrix = NDArray[np.float32]

HOLD_OUT_FOLDS = 6  # one of these stops the training
CALL_ROWS = 2_048
PATH_POINTS = 3


@dataclass(frozen=True)
class Vocabulary:
    """The events that training has seen, by name."""

    event_types: tuple[str, ...]
    categories: tuple[str, ...]


class TransformerModel:
    """Pre-trained on the events of all customers, then fitted to tiers and revenue at once.

    Without sequences it looks at the features only. Rows without events are predicted as those
    whose events are not known.
    """

    name = "transformer"
    needs_sequences = True
    search_space: ClassVar[SearchSpace] = SEARCH_SPACE

    def __init__(self, *, seed: int, parameters: Parameters | None = None) -> None:
        self.seed = seed
        self.parameters = parameters

    def fit(self, train: Examples) -> Self:
        """Learn to foretell events, then outcomes, stopped by customers of a hold-out."""
        keras = import_keras()
        keras.utils.set_random_seed(self.seed)
        self.config_ = TransformerConfig.of(self.parameters)
        self.features_ = FeatureInputs.fit(train, self.config_.bins)
        self.vocabulary_ = None
        if train.sequences is not None and self.config_.events:
            self.vocabulary_ = Vocabulary(*train.sequences.used_vocabulary())
        self.class_count_ = len(train.class_names)
        self._build(keras)
        fold = customer_fold(train.customer_key, HOLD_OUT_FOLDS, f"{self.name}:{self.seed}")
        identity = (data_fingerprint(train), repr(self.config_), str(self.seed))
        if (events := self._events(train)) is not None:
            pretrain(
                keras,
                self.encoder_,
                events,
                is_newest=_is_last_of_its_kind(train.customer_key),
                held_out=fold == 0,
                config=self.config_,
                seed=self.seed,
                identity=identity,
            )
        self._fit_outcomes(keras, train, events, held_out=fold == 0, identity=identity)
        return self

    def _build(self, keras: Any) -> None:  # noqa: ANN401
        config, vocabulary = self.config_, self.vocabulary_
        with precision_of_device(keras):
            self.tokenizer_: Any = feature_tokenizer(keras, config, self.features_)
            self.encoder_: Any = None
            self.sequence_: Any = None
            if vocabulary:
                self.encoder_ = event_encoder(
                    keras, config, len(vocabulary.event_types), len(vocabulary.categories)
                )
                self.sequence_ = sequence_token(keras, config, self.encoder_)
            tokens = len(self.features_.names) + bool(vocabulary)
            self.tiers_: Any = tier_network(keras, config, tokens, self.class_count_)

    def _networks(self) -> list[Any]:
        return [item for item in (self.tokenizer_, self.sequence_, self.tiers_) if item is not None]

    def _events(self, examples: Examples) -> EventSequences | None:
        if self.vocabulary_ is None or examples.sequences is None:
            return None
        return examples.sequences.with_vocabulary(
            self.vocabulary_.event_types, self.vocabulary_.categories
        )

    def _fit_outcomes(
        self,
        keras: Any,  # noqa: ANN401
        train: Examples,
        events: EventSequences | None,
        *,
        held_out: NDArray[np.bool_],
        identity: tuple[str, ...],
    ) -> None:
        revenue, features = RevenueHead.describe(train), self.features_.arrays(train)
        targets: Inputs = {"tier": train.value_tier, "revenue": revenue.targets(train)}

        def batch_of(rows: NDArray[np.int_]) -> Batch:
            inputs = {name: values[rows] for name, values in features.items()}
            if events is not None:
                inputs |= event_arrays(events.take(rows), self.config_.events)
            return inputs, {name: values[rows] for name, values in targets.items()}

        plan = FitPlan(
            loss={"tier": "sparse_categorical_crossentropy", "revenue": lognormal_loss},
            loss_weights={"tier": 1.0, "revenue": LOSS_WEIGHT},
            monitor="tier_loss",
            epochs=self.config_.epochs,
            patience_epochs=self.config_.patience_epochs,
            batch_rows=self.config_.batch_rows,
            learning_rate=self.config_.learning_rate,
            weight_decay=self.config_.weight_decay,
            seed=self.seed,
        )
        fit_network(
            keras,
            joined_network(keras, self.tokenizer_, self.sequence_, self.tiers_),
            batch_of,
            rows=np.flatnonzero(~held_out),
            held_out=np.flatnonzero(held_out),
            plan=plan,
            checkpoint=checkpoint_of(*identity, "outcomes"),
        )
        self.revenue_ = revenue.calibrate(train, self._outputs(self._tokens(train))["revenue"])

    def _tokens(self, examples: Examples) -> Matrix:
        """Return one token per feature and one for the events, shape (n, tokens, width)."""
        features = self.features_.arrays(examples)

        def tokens_of(rows: slice) -> dict[str, Any]:
            inputs = {name: values[rows] for name, values in features.items()}
            return {"tokens": self.tokenizer_(inputs, training=False)}

        tokens = call_in_parts(tokens_of, len(examples), CALL_ROWS)["tokens"]
        if self.vocabulary_ is None:
            return tokens
        return np.concatenate([tokens, self._sequence_tokens(examples)], axis=1)

    def _sequence_tokens(self, examples: Examples) -> Matrix:
        """Return the token of the events, shape (n, 1, width); zeros where none are known."""
        events, everybody = self._events(examples), np.arange(len(examples))
        if events is None:
            return np.zeros((len(examples), 1, self.config_.width), np.float32)

        def token_of(rows: slice) -> dict[str, Any]:
            inputs = event_arrays(events.take(everybody[rows]), self.config_.events)
            return {"token": self.sequence_(inputs, training=False)}

        return call_in_parts(token_of, len(examples), CALL_ROWS)["token"][:, None]

    def _outputs(self, tokens: Matrix) -> dict[str, Matrix]:
        return call_in_parts(
            lambda rows: self.tiers_(tokens[rows], training=False), len(tokens), CALL_ROWS
        )

    def predict(self, examples: Examples) -> Predictions:
        """Return class probabilities and revenue given the class."""
        outputs = self._outputs(self._tokens(examples))
        probabilities = outputs["tier"].astype(np.float64)
        return Predictions(
            complete_probabilities(probabilities, range(self.class_count_), self.class_count_),
            self.revenue_.predict(outputs["revenue"]),
        )

    def logit_contributions(self, examples: Examples, typical: Examples) -> LogitContributions:
        """Return integrated gradients over the tokens, closed to sum to the change of the logits.

        Tokens are linear in the encoded features, and the network behind them is smooth, so that
        a few points of Gauss's rule do. The token of the events is compared with no events known.
        """
        tokens, reference = self._tokens(examples), self._tokens(typical)
        change, shape = tokens - reference, tokens.shape

        def tier(points: Any, *, training: bool) -> Any:  # noqa: ANN401
            import tensorflow

            return self.tiers_(tensorflow.reshape(points, (-1, *shape[1:])), training=training)[
                "tier"
            ]

        flat = tokens.reshape(len(tokens), -1), reference.reshape(1, -1)
        gradients = path_gradients(tier, *flat, gauss_rule(PATH_POINTS)).reshape(-1, *shape)
        by_token = np.einsum("lntw,ntw->lnt", gradients, change)
        names = self.features_.names + ((RECENT_EVENTS,) if self.vocabulary_ else ())
        reasons = examples.schema.names + ((RECENT_EVENTS,) if examples.sequences else ())
        contributions = [sum_by_feature(part, names, reasons) for part in by_token]
        start = tier_logits(self._outputs(reference)["tier"])
        total = tier_logits(self._outputs(tokens)["tier"]) - start
        return LogitContributions(with_total(np.stack(contributions, axis=-1), total), start[0])

    def save(self, folder: Path) -> None:
        """Write weights, bins and categories as plain arrays, everything else as JSON."""
        values = {
            "seed": self.seed,
            "parameters": dict(self.parameters or {}),
            "config": asdict(self.config_),
            "class_count": self.class_count_,
            "vocabulary": asdict(self.vocabulary_) if self.vocabulary_ else None,
            "revenue": self.revenue_.as_dict(),
        }
        save_json(values, folder / "transformer.json")
        self.features_.save(folder)
        save_weights(self._networks(), folder / "transformer_weights.npz")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Build the networks anew and read their weights: the files hold no code at all."""
        values = load_json(folder / "transformer.json")
        model = cls(seed=values["seed"], parameters=values["parameters"])
        model.config_ = TransformerConfig(**values["config"])
        model.features_ = FeatureInputs.load(folder)
        model.class_count_ = values["class_count"]
        model.vocabulary_ = None
        if values["vocabulary"]:
            names = {kind: tuple(found) for kind, found in values["vocabulary"].items()}
            model.vocabulary_ = Vocabulary(**names)
        model._build(import_keras())
        load_weights(model._networks(), folder / "transformer_weights.npz")
        model.revenue_ = RevenueHead(**values["revenue"])
        return model


def _is_last_of_its_kind(keys: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Tell which rows hold the last occurrence of their key, shape (n,)."""
    _, first_from_behind = np.unique(keys[::-1], return_index=True)
    is_last = np.zeros(len(keys), dtype=bool)
    is_last[len(keys) - 1 - first_from_behind] = True
    return is_last
