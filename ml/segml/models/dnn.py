"""A small ensemble of two-layer networks, in Keras on TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from segml.dataset import Predictions, customer_fold, sample_customers
from segml.models.attribution import encoded_sources, sum_by_feature, with_total
from segml.models.base import LogitContributions, complete_probabilities
from segml.models.integrated_gradients import path_gradients, tier_logits
from segml.models.keras_runtime import call_in_parts, import_keras
from segml.models.preprocessing import dense_preprocessor, model_frame
from segml.models.search_space import Span
from segml.models.storage import load_estimator, load_json, save_estimator, save_json
from segml.models.ziln import HEAD_UNITS, LOSS_WEIGHT, RevenueHead, lognormal_loss

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from segml.dataset import Examples
    from segml.models.search_space import Parameters, SearchSpace

    Matrix = NDArray[np.float32]

MEMBERS = 3  # networks that are averaged, each stopped by customers that the others learn from
HOLD_OUT_FOLDS = 6  # a member holds out one of these
HIDDEN_UNITS = (64, 32)
MAX_ROWS = 100_000  # customers are sampled above it: a small network has learned what it can
MAX_EPOCHS = 60
PATIENCE_EPOCHS = 5
STEPS_PER_EPOCH = 40
STEPS_PER_CALL = 10  # into TensorFlow, which takes longer than a step
MIN_BATCH, MAX_BATCH = 128, 2_048
PREDICT_ROWS = 16_384


class DnnModel:
    """Dropout, weight penalty and early stopping; the same seed gives the same network."""

    name = "dnn"
    defaults: ClassVar[Parameters] = {"dropout": 0.3, "weight_penalty": 3e-4, "learning_rate": 2e-3}
    search_space: ClassVar[SearchSpace] = {
        "dropout": Span(0.1, 0.6),
        "weight_penalty": Span(1e-5, 1e-2, log=True),
        "learning_rate": Span(5e-4, 5e-3, log=True),
    }

    def __init__(self, *, seed: int, parameters: Parameters | None = None) -> None:
        self.seed = seed
        self.parameters = parameters

    def fit(self, train: Examples) -> Self:
        """Learn the members, each early-stopped on customers of its own hold-out."""
        keras = import_keras()
        train = sample_customers(train, MAX_ROWS, f"{self.name}-sample:{self.seed}")
        frame = model_frame(train)
        self.preprocessor_: Any = dense_preprocessor(frame, train.schema).fit(frame)
        matrix = self._matrix(train)
        revenue = RevenueHead.describe(train)
        targets: dict[str, NDArray[Any]] = {
            "tier": train.value_tier,
            "revenue": revenue.targets(train),
        }
        fold = customer_fold(train.customer_key, HOLD_OUT_FOLDS, f"{self.name}:{self.seed}")
        inputs = keras.Input((matrix.shape[1],), name="features")
        learner = self._compile(keras, inputs, len(train.class_names))
        fresh = [variable.numpy() for variable in learner.optimizer.variables]
        members = []
        for number in range(MEMBERS):
            keras.utils.set_random_seed(self.seed + number)
            member = self._build_member(keras, inputs, len(train.class_names), f"member_{number}")
            learner.set_weights(member.get_weights())
            for variable, value in zip(learner.optimizer.variables, fresh, strict=True):
                variable.assign(value)
            self._learn(keras, learner, matrix, targets, held_out=fold == number)
            member.set_weights(learner.get_weights())
            members.append(member(inputs))
        averaged = {
            output: keras.layers.Average(name=output)([member[output] for member in members])
            for output in targets
        }
        self.network_: Any = keras.Model(inputs, averaged, name="dnn")
        self.revenue_ = revenue.calibrate(train, self._outputs(matrix)["revenue"])
        return self

    @property
    def _values(self) -> dict[str, Any]:
        return {**self.defaults, **(self.parameters or {})}

    def _build_member(self, keras: Any, inputs: Any, classes: int, name: str) -> Any:  # noqa: ANN401
        values, hidden = self._values, inputs
        for units in HIDDEN_UNITS:
            penalty = keras.regularizers.L2(values["weight_penalty"])
            hidden = keras.layers.Dense(units, activation="relu", kernel_regularizer=penalty)(
                hidden
            )
            hidden = keras.layers.Dropout(values["dropout"])(hidden)
        outputs = {
            "tier": keras.layers.Dense(classes, activation="softmax", name="tier")(hidden),
            "revenue": keras.layers.Dense(HEAD_UNITS, name="revenue")(hidden),
        }
        return keras.Model(inputs, outputs, name=name)

    def _compile(self, keras: Any, inputs: Any, classes: int) -> Any:  # noqa: ANN401
        """Return the network in which members learn one after the other.

        Tracing its graph takes longer than many an epoch; and a member that was compiled itself
        would be stored with our loss in it.
        """
        keras.utils.set_random_seed(self.seed)
        learner = self._build_member(keras, inputs, classes, "learner")
        learner.compile(
            optimizer=keras.optimizers.Adam(self._values["learning_rate"]),
            loss={"tier": "sparse_categorical_crossentropy", "revenue": lognormal_loss},
            loss_weights={"tier": 1.0, "revenue": LOSS_WEIGHT},
            steps_per_execution=STEPS_PER_CALL,
        )
        learner.optimizer.build(learner.trainable_variables)
        return learner

    def _learn(
        self,
        keras: Any,  # noqa: ANN401
        learner: Any,  # noqa: ANN401
        matrix: Matrix,
        targets: dict[str, NDArray[Any]],
        *,
        held_out: NDArray[np.bool_],
    ) -> None:
        seen = {output: values[~held_out] for output, values in targets.items()}
        unseen = {output: values[held_out] for output, values in targets.items()}
        stopping = keras.callbacks.EarlyStopping(
            monitor="val_tier_loss", mode="min", patience=PATIENCE_EPOCHS, restore_best_weights=True
        )
        rows = int((~held_out).sum())
        learner.fit(
            matrix[~held_out],
            seen,
            validation_data=(matrix[held_out], unseen),
            batch_size=int(np.clip(rows // STEPS_PER_EPOCH, MIN_BATCH, MAX_BATCH)),
            epochs=MAX_EPOCHS,
            callbacks=[stopping],
            verbose=0,
        )

    def _matrix(self, examples: Examples) -> Matrix:
        matrix: Matrix = self.preprocessor_.transform(model_frame(examples)).astype(np.float32)
        return matrix

    def _outputs(self, matrix: Matrix) -> dict[str, NDArray[np.float32]]:
        return call_in_parts(
            lambda rows: self.network_(matrix[rows], training=False), len(matrix), PREDICT_ROWS
        )

    def predict(self, examples: Examples) -> Predictions:
        """Return class probabilities and revenue given the class."""
        outputs = self._outputs(self._matrix(examples))
        probabilities = outputs["tier"].astype(np.float64)
        classes = probabilities.shape[1]
        return Predictions(
            complete_probabilities(probabilities, range(classes), classes),
            self.revenue_.predict(outputs["revenue"]),
        )

    def logit_contributions(self, examples: Examples, typical: Examples) -> LogitContributions:
        """Return integrated gradients, closed so that they sum to the change of the logits.

        The first layers are linear before they bend, so that on a straight line between two rows
        their sums lie on a straight line, too: the path is walked there, in far fewer numbers than
        there are encoded columns, and the weights carry the gradients back once.
        """
        matrix, reference = self._matrix(examples), self._matrix(typical)
        sources, names = encoded_sources(self.preprocessor_), examples.schema.names
        first = [_hidden_layers(member)[0] for member in self._members]
        weights = np.concatenate([layer.kernel.numpy() for layer in first], axis=1)
        biases = np.concatenate([layer.bias.numpy() for layer in first])
        sums = path_gradients(
            self._tier_of_sums, matrix @ weights + biases, reference @ weights + biases
        )
        contributions = [
            sum_by_feature((matrix - reference) * (part @ weights.T), sources, names)
            for part in sums
        ]
        start = tier_logits(self._outputs(reference)["tier"])
        change = tier_logits(self._outputs(matrix)["tier"]) - start
        return LogitContributions(with_total(np.stack(contributions, axis=-1), change), start[0])

    @property
    def _members(self) -> list[Any]:
        return [self.network_.get_layer(f"member_{number}") for number in range(MEMBERS)]

    def _tier_of_sums(self, sums: Any, *, training: bool) -> Any:  # noqa: ANN401
        """Return the class probabilities that follow from the sums of all first layers."""
        import tensorflow

        tiers = []
        for member, part in zip(self._members, tensorflow.split(sums, MEMBERS, 1), strict=True):
            hidden = tensorflow.nn.relu(part)
            for layer in _hidden_layers(member)[1:]:
                hidden = layer(hidden, training=training)
            tiers.append(member.get_layer("tier")(hidden))
        return sum(tiers) / MEMBERS

    def save(self, folder: Path) -> None:
        """Write the network, its preprocessing and the revenue part."""
        values = {"seed": self.seed, "parameters": dict(self.parameters or {})}
        save_json(values | {"revenue": self.revenue_.as_dict()}, folder / "dnn.json")
        save_estimator(self.preprocessor_, folder / "dnn_preprocessor.skops")
        self.network_.save(folder / "dnn.keras")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; Keras safe mode refuses code in the file."""
        keras = import_keras()
        values = load_json(folder / "dnn.json")
        model = cls(seed=values["seed"], parameters=values["parameters"])
        model.preprocessor_ = load_estimator(folder / "dnn_preprocessor.skops")
        model.network_ = keras.saving.load_model(
            folder / "dnn.keras", compile=False, safe_mode=True
        )
        model.revenue_ = RevenueHead(**values["revenue"])
        return model


def _hidden_layers(member: Any) -> list[Any]:  # noqa: ANN401
    """Return the layers between columns and outputs, the first next to the columns."""
    return [layer for layer in member.layers if hasattr(layer, "kernel")][: len(HIDDEN_UNITS)]
