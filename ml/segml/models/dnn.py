"""A small ensemble of two-layer networks, in Keras on TensorFlow."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from segml.dataset import Predictions, customer_fold
from segml.models.attribution import encoded_sources, sum_by_feature, with_total
from segml.models.base import LogitContributions, complete_probabilities
from segml.models.integrated_gradients import path_gradients, tier_logits
from segml.models.preprocessing import dense_preprocessor, model_frame
from segml.models.revenue import ConditionalRevenue
from segml.models.storage import load_estimator, load_json, save_estimator, save_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segml.dataset import Examples

MEMBERS = 3  # networks that are averaged, each stopped by customers that the others learn from
HOLD_OUT_FOLDS = 6  # a member holds out one of these
HIDDEN_UNITS = (64, 32)
DROPOUT = 0.3
WEIGHT_PENALTY = 3e-4
LEARNING_RATE = 2e-3
MAX_EPOCHS = 60
PATIENCE_EPOCHS = 5
STEPS_PER_EPOCH = 40
MIN_BATCH, MAX_BATCH = 128, 2_048
PREDICT_ROWS = 16_384


class DnnModel:
    """Dropout, weight penalty and early stopping; the same seed gives the same network."""

    name = "dnn"

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    def fit(self, train: Examples) -> Self:
        """Learn the members, each early-stopped on customers of its own hold-out."""
        keras = _import_keras()
        frame = model_frame(train)
        self.preprocessor_: Any = dense_preprocessor(frame, train.schema).fit(frame)
        matrix = self._matrix(train)
        fold = customer_fold(train.customer_key, HOLD_OUT_FOLDS, f"{self.name}:{self.seed}")
        inputs = keras.Input((matrix.shape[1],), name="features")
        members = []
        for number in range(MEMBERS):
            keras.utils.set_random_seed(self.seed + number)
            member = _build_member(
                keras, matrix.shape[1], len(train.class_names), f"member_{number}"
            )
            _fit_member(keras, member, matrix, train.value_tier, held_out=fold == number)
            members.append(member)
        averaged = keras.layers.Average(name="ensemble")([member(inputs) for member in members])
        self.network_: Any = keras.Model(inputs, averaged, name="dnn")
        self.revenue_ = ConditionalRevenue().fit(train)
        return self

    def _matrix(self, examples: Examples) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]]
        matrix = self.preprocessor_.transform(model_frame(examples)).astype(np.float32)
        return matrix

    def predict(self, examples: Examples) -> Predictions:
        """Return class probabilities and revenue given the class."""
        probabilities = self._probabilities(self._matrix(examples))
        classes = probabilities.shape[1]
        return Predictions(
            complete_probabilities(probabilities.astype(np.float64), range(classes), classes),
            self.revenue_.predict(examples),
        )

    def _probabilities(
        self, matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]]
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        # a direct call costs a millisecond; Model.predict traces a graph for every new model
        parts = [
            np.asarray(self.network_(matrix[start : start + PREDICT_ROWS], training=False))
            for start in range(0, len(matrix), PREDICT_ROWS)
        ]
        return np.concatenate([np.empty((0, self.network_.output_shape[1]), np.float32), *parts])

    def logit_contributions(self, examples: Examples, typical: Examples) -> LogitContributions:
        """Return integrated gradients, closed so that they sum to the change of the logits."""
        matrix, reference = self._matrix(examples), self._matrix(typical)
        sources = encoded_sources(self.preprocessor_)
        contributions = [
            sum_by_feature((matrix - reference) * gradients, sources, examples.schema.names)
            for gradients in path_gradients(self.network_, matrix, reference)
        ]
        start = tier_logits(self._probabilities(reference))
        change = tier_logits(self._probabilities(matrix)) - start
        return LogitContributions(with_total(np.stack(contributions, axis=-1), change), start[0])

    def save(self, folder: Path) -> None:
        """Write the network, its preprocessing and the revenue part."""
        save_json({"seed": self.seed}, folder / "dnn.json")
        save_estimator(self.preprocessor_, folder / "dnn_preprocessor.skops")
        self.network_.save(folder / "dnn.keras")
        self.revenue_.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; Keras safe mode refuses code in the file."""
        keras = _import_keras()
        model = cls(seed=load_json(folder / "dnn.json")["seed"])
        model.preprocessor_ = load_estimator(folder / "dnn_preprocessor.skops")
        model.network_ = keras.saving.load_model(
            folder / "dnn.keras", compile=False, safe_mode=True
        )
        model.revenue_ = ConditionalRevenue.load(folder)
        return model


def _build_member(keras: Any, features: int, classes: int, name: str) -> Any:  # noqa: ANN401
    layers = [keras.Input((features,))]
    for units in HIDDEN_UNITS:
        penalty = keras.regularizers.L2(WEIGHT_PENALTY)
        layers.append(keras.layers.Dense(units, activation="relu", kernel_regularizer=penalty))
        layers.append(keras.layers.Dropout(DROPOUT))
    layers.append(keras.layers.Dense(classes, activation="softmax"))
    return keras.Sequential(layers, name=name)


def _fit_member(
    keras: Any,  # noqa: ANN401
    member: Any,  # noqa: ANN401
    matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    tier: np.ndarray[tuple[int], np.dtype[np.int8]],
    *,
    held_out: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> None:
    member.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE), loss="sparse_categorical_crossentropy"
    )
    stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=PATIENCE_EPOCHS, restore_best_weights=True
    )
    rows = int((~held_out).sum())
    member.fit(
        matrix[~held_out],
        tier[~held_out],
        validation_data=(matrix[held_out], tier[held_out]),
        batch_size=int(np.clip(rows // STEPS_PER_EPOCH, MIN_BATCH, MAX_BATCH)),
        epochs=MAX_EPOCHS,
        callbacks=[stopping],
        verbose=0,
    )


def _import_keras() -> Any:  # noqa: ANN401
    """Import Keras on TensorFlow, deterministic and without the chatter of its start."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors reach us as exceptions
    with _silent_start():
        import keras
        import tensorflow

    tensorflow.get_logger().setLevel("ERROR")
    tensorflow.config.experimental.enable_op_determinism()
    return keras


@contextlib.contextmanager
def _silent_start() -> Iterator[None]:
    """Hide what C++ libraries print on loading; they write to the descriptor, not to Python."""
    if "tensorflow" in sys.modules:
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
