"""Self-supervised training of the event encoder: what happens next, when, and for how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segml.models.checkpoints import checkpoint_of
from segml.models.network_fit import FitPlan, fit_network
from segml.models.transformer_inputs import event_arrays
from segml.models.transformer_network import next_event_network

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.models.network_fit import Batch
    from segml.models.transformer_config import TransformerConfig
    from segml.sequences import EventSequences

    Mask = NDArray[np.bool_]

AMOUNT, GAP = 0, 2  # columns of ``measures``
LABELS = "sparse_categorical_crossentropy"


def pretrain(
    keras: Any,  # noqa: ANN401
    encoder: Any,  # noqa: ANN401
    events: EventSequences,
    *,
    is_newest: Mask,
    held_out: Mask,
    config: TransformerConfig,
    seed: int,
    identity: tuple[str, ...],
) -> None:
    """Teach the encoder to foretell each next event from those before it.

    Only the newest sequence of every customer is used: older ones are parts of it.

    Parameters
    ----------
    events : EventSequences
        Of all training rows.
    is_newest, held_out : array of bool, shape (n,)
        The newest row of each customer, and rows of the customers that stop the training.
    identity : tuple of str
        What the fit learns from, for its checkpoint.
    """
    has_next = is_newest & (events.days_before > 0)[:, -2:].all(axis=1)
    rows, judged = np.flatnonzero(has_next & ~held_out), np.flatnonzero(has_next & held_out)
    if not (config.pretraining_epochs and len(rows) and len(judged)):
        return
    categories = len(events.categories)
    network = next_event_network(keras, encoder, len(events.event_types), categories)

    def batch_of(chosen: NDArray[np.int_]) -> Batch:
        return next_event_batch(events.take(chosen), config.events)

    losses = {"next_type": LABELS, "next_measures": "mean_squared_error"}
    if categories:
        losses["next_category"] = LABELS
    plan = FitPlan(
        loss=losses,
        loss_weights=dict.fromkeys(losses, 1.0),
        monitor="loss",
        epochs=config.pretraining_epochs,
        patience_epochs=config.patience_epochs,
        batch_rows=config.batch_rows,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        seed=seed,
    )
    fit_network(
        keras,
        network,
        batch_of,
        rows=rows,
        held_out=judged,
        plan=plan,
        checkpoint=checkpoint_of(*identity, "pre-training"),
    )


def next_event_batch(events: EventSequences, length: int) -> Batch:
    """Return inputs, the event after each one, and where there is one, for Keras."""
    inputs = event_arrays(events, length)
    following = {name: np.roll(values, -1, axis=1) for name, values in inputs.items()}
    has_next = inputs["is_event"] & following["is_event"]
    has_next[:, -1] = False
    targets = {
        "next_type": following["event_type"],
        "next_measures": following["measures"][..., [AMOUNT, GAP]],
    }
    if events.categories:
        targets["next_category"] = following["category"]
    return inputs, targets, dict.fromkeys(targets, has_next.astype(np.float32))
