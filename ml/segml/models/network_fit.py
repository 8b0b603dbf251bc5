"""Fitting a Keras network that can be killed: early stopping, warm-up, cosine, checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from segml.models.checkpoints import Checkpoint, State

    Rows = NDArray[np.int_]
    Batch = tuple[dict[str, NDArray[Any]], ...]

WARM_UP_SHARE = 0.1
GRADIENT_NORM = 1.0
JUDGED_ROWS = 2_048


@dataclass(frozen=True, kw_only=True)
class FitPlan:
    """How to fit: everything that decides the outcome, but the data.

    Parameters
    ----------
    loss : mapping of str to str or callable
        By output.
    loss_weights : mapping of str to float
        By output.
    monitor : str
        What must fall on the held-out rows: ``loss``, or the name of an output and ``_loss``.
    """

    loss: Mapping[str, Any]
    loss_weights: Mapping[str, float]
    monitor: str
    epochs: int
    patience_epochs: int
    batch_rows: int
    learning_rate: float
    weight_decay: float
    seed: int


def fit_network(
    keras: Any,  # noqa: ANN401
    network: Any,  # noqa: ANN401
    batch_of: Callable[[Rows], Batch],
    *,
    rows: Rows,
    held_out: Rows,
    plan: FitPlan,
    checkpoint: Checkpoint,
) -> None:
    """Learn from rows and keep the weights that did best on others.

    What a batch holds depends on the seed and the number of its epoch alone, and the state of
    weights, optimiser, dropout and early stopping is saved after each epoch: a fit that was
    killed ends as if it had not been.

    Parameters
    ----------
    batch_of : callable
        Maps row numbers to inputs, targets and, where they count unequally, weights.
    rows, held_out : array of int
        Row numbers to learn from, and to stop by.
    """
    steps = -(-len(rows) // plan.batch_rows)
    _compile(keras, network, plan, steps)
    progress = _Progress(network)
    if (state := checkpoint.load()) is not None:
        progress.restore(state)
    while progress.epoch < plan.epochs and progress.waited < plan.patience_epochs:
        network.reset_metrics()
        for part in _shuffled_parts(rows, steps, plan.seed, progress.epoch):
            network.train_on_batch(*batch_of(part))
        progress.judge(_held_out_loss(network, batch_of, held_out, plan.monitor))
        checkpoint.save(progress.as_state())
    progress.use_best()


class _Progress:
    """Epochs done, and the best weights so far."""

    def __init__(self, network: Any) -> None:  # noqa: ANN401
        self.network = network
        self.epoch, self.waited, self.lowest = 0, 0, np.inf
        self.best = self._weights()

    def _weights(self) -> list[NDArray[Any]]:
        weights: list[NDArray[Any]] = self.network.get_weights()
        return weights

    def _variables(self) -> list[Any]:
        """Return weights, seeds of dropout and the optimiser, but no running means of losses."""
        means = {id(variable) for variable in self.network.metrics_variables}
        own = [variable for variable in self.network.variables if id(variable) not in means]
        return [*own, *self.network.optimizer.variables]

    def judge(self, loss: float) -> None:
        self.epoch += 1
        self.waited += 1
        if loss < self.lowest:
            self.lowest, self.waited, self.best = loss, 0, self._weights()

    def use_best(self) -> None:
        self.network.set_weights(self.best)

    def as_state(self) -> State:
        now = {f"now_{i}": variable.numpy() for i, variable in enumerate(self._variables())}
        best = {f"best_{i}": values for i, values in enumerate(self.best)}
        counts = np.array([self.epoch, self.waited, self.lowest])
        return {"counts": counts, **now, **best}

    def restore(self, state: State) -> None:
        epoch, waited, self.lowest = state["counts"].tolist()
        self.epoch, self.waited = int(epoch), int(waited)
        for number, variable in enumerate(self._variables()):
            variable.assign(state[f"now_{number}"])
        self.best = [state[f"best_{number}"] for number in range(len(self.best))]


def _compile(keras: Any, network: Any, plan: FitPlan, steps: int) -> None:  # noqa: ANN401
    total = steps * plan.epochs
    warm_up = max(1, int(WARM_UP_SHARE * total))
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, total - warm_up), warmup_target=plan.learning_rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=plan.weight_decay, global_clipnorm=GRADIENT_NORM
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    network.compile(
        optimizer=optimizer,
        loss=dict(plan.loss),
        loss_weights=dict(plan.loss_weights),
        jit_compile=False,  # many times slower on processors
    )
    network.optimizer.build(network.trainable_variables)


def _shuffled_parts(rows: Rows, steps: int, seed: int, epoch: int) -> Iterator[Rows]:
    """Yield parts of one size, for which Keras traces one graph; the rest waits for its turn."""
    order = np.random.default_rng([seed, epoch]).permutation(rows)
    size = len(rows) // steps
    yield from order[: steps * size].reshape(steps, size)


def _held_out_loss(
    network: Any,  # noqa: ANN401
    batch_of: Callable[[Rows], Batch],
    held_out: Rows,
    monitor: str,
) -> float:
    network.reset_metrics()
    losses: dict[str, float] = {}
    size = min(len(held_out), JUDGED_ROWS)
    parts = -(-len(held_out) // size)
    # the last part is filled up from the front: one size, one graph
    for part in np.resize(held_out, (parts, size)):
        losses = network.test_on_batch(*batch_of(part), return_dict=True)
    return float(losses[monitor])
