"""A transformer over feature tokens and the customer's events, in Keras on TensorFlow."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from segml.dataset import Predictions, customer_fold, data_fingerprint
from segml.models.attribution import sum_by_feature, with_total
from segml.models.base import LogitContributions, complete_probabilities
from segml.models.checkpoints import checkpoint_of
from segml.models.integrated_gradients import gauss_rule, path_gradients, tier_logits
from segml.models.keras_runtime import import_keras, load_weights, save_weights
from segml.models.network_fit import FitPlan, fit_network
from segml.models.storage import load_json, save_json
from segml.models.transformer_body import TransformerBody, Vocabulary
from segml.models.transformer_config import SEARCH_SPACE, TransformerConfig
from segml.models.transformer_inputs import FeatureInputs, event_arrays
from segml.models.transformer_network import joined_network
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
PATH_POINTS = 3


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
        config = TransformerConfig.of(self.parameters)
        vocabulary = None
        if train.sequences is not None and config.events:
            vocabulary = Vocabulary(*train.sequences.used_vocabulary())
            config = config.for_sequences_of(train.sequences.days_before.shape[1])
        features = FeatureInputs.fit(train, config.bins)
        self.class_count_ = len(train.class_names)
        self.body_ = TransformerBody(keras, config, features, vocabulary, self.class_count_)
        fold = customer_fold(train.customer_key, HOLD_OUT_FOLDS, f"{self.name}:{self.seed}")
        identity = (data_fingerprint(train), repr(config), str(self.seed))
        if (events := self.body_.events(train)) is not None:
            pretrain(
                keras,
                self.body_.encoder,
                events,
                is_newest=_is_last_of_its_kind(train.customer_key),
                held_out=fold == 0,
                config=config,
                seed=self.seed,
                identity=identity,
            )
        self._fit_outcomes(keras, train, events, held_out=fold == 0, identity=identity)
        return self

    def _fit_outcomes(
        self,
        keras: Any,  # noqa: ANN401
        train: Examples,
        events: EventSequences | None,
        *,
        held_out: NDArray[np.bool_],
        identity: tuple[str, ...],
    ) -> None:
        revenue, config = RevenueHead.describe(train), self.body_.config
        features = self.body_.features.arrays(train)
        targets: Inputs = {"tier": train.value_tier, "revenue": revenue.targets(train)}

        def batch_of(rows: NDArray[np.int_]) -> Batch:
            inputs = {name: values[rows] for name, values in features.items()}
            if events is not None:
                inputs |= event_arrays(events.take(rows), config.events)
            return inputs, {name: values[rows] for name, values in targets.items()}

        plan = FitPlan(
            loss={"tier": "sparse_categorical_crossentropy", "revenue": lognormal_loss},
            loss_weights={"tier": 1.0, "revenue": LOSS_WEIGHT},
            monitor="tier_loss",
            epochs=config.epochs,
            patience_epochs=config.patience_epochs,
            batch_rows=config.batch_rows,
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            seed=self.seed,
        )
        fit_network(
            keras,
            joined_network(keras, self.body_.tokenizer, self.body_.sequence, self.body_.tiers),
            batch_of,
            rows=np.flatnonzero(~held_out),
            held_out=np.flatnonzero(held_out),
            plan=plan,
            checkpoint=checkpoint_of(*identity, "outcomes"),
        )
        self.revenue_ = revenue.calibrate(train, self._outputs(train)["revenue"])

    def _outputs(self, examples: Examples) -> dict[str, Matrix]:
        return self.body_.outputs(self.body_.tokens(examples))

    def predict(self, examples: Examples) -> Predictions:
        """Return class probabilities and revenue given the class."""
        outputs = self._outputs(examples)
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
        body = self.body_
        tokens, reference = body.tokens(examples), body.tokens(typical)
        change, shape = tokens - reference, tokens.shape

        def tier(points: Any, *, training: bool) -> Any:  # noqa: ANN401
            import tensorflow

            outputs = body.tiers(tensorflow.reshape(points, (-1, *shape[1:])), training=training)
            return outputs["tier"]

        flat = tokens.reshape(len(tokens), -1), reference.reshape(1, -1)
        gradients = path_gradients(tier, *flat, gauss_rule(PATH_POINTS)).reshape(-1, *shape)
        by_token = np.einsum("lntw,ntw->lnt", gradients, change)
        has_events = examples.sequences is not None
        reasons = examples.schema.names + ((RECENT_EVENTS,) if has_events else ())
        contributions = [sum_by_feature(part, body.names, reasons) for part in by_token]
        start = tier_logits(body.outputs(reference)["tier"])
        total = tier_logits(body.outputs(tokens)["tier"]) - start
        return LogitContributions(with_total(np.stack(contributions, axis=-1), total), start[0])

    def save(self, folder: Path) -> None:
        """Write weights, bins and categories as plain arrays, everything else as JSON."""
        values = {
            "seed": self.seed,
            "parameters": dict(self.parameters or {}),
            "config": asdict(self.body_.config),
            "class_count": self.class_count_,
            "vocabulary": asdict(self.body_.vocabulary) if self.body_.vocabulary else None,
            "revenue": self.revenue_.as_dict(),
        }
        save_json(values, folder / "transformer.json")
        self.body_.features.save(folder)
        save_weights(self.body_.networks, folder / "transformer_weights.npz")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Build the networks anew and read their weights: the files hold no code at all."""
        values = load_json(folder / "transformer.json")
        model = cls(seed=values["seed"], parameters=values["parameters"])
        model.class_count_ = values["class_count"]
        vocabulary = None
        if values["vocabulary"]:
            names = {kind: tuple(found) for kind, found in values["vocabulary"].items()}
            vocabulary = Vocabulary(**names)
        model.body_ = TransformerBody(
            import_keras(),
            TransformerConfig(**values["config"]),
            FeatureInputs.load(folder),
            vocabulary,
            model.class_count_,
        )
        load_weights(model.body_.networks, folder / "transformer_weights.npz")
        model.revenue_ = RevenueHead(**values["revenue"])
        return model


def _is_last_of_its_kind(keys: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Tell which rows hold the last occurrence of their key, shape (n,)."""
    _, first_from_behind = np.unique(keys[::-1], return_index=True)
    is_last = np.zeros(len(keys), dtype=bool)
    is_last[len(keys) - 1 - first_from_behind] = True
    return is_last
