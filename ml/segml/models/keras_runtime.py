"""Keras on TensorFlow as every network here uses it: quiet, deterministic, in bounded memory."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray


def import_keras() -> Any:  # noqa: ANN401
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
def precision_of_device(keras: Any) -> Iterator[None]:  # noqa: ANN401
    """Build layers that compute in 16 bits on a GPU and in 32 elsewhere; weights have 32."""
    import tensorflow

    before = keras.config.dtype_policy()
    if tensorflow.config.list_physical_devices("GPU"):
        keras.config.set_dtype_policy("mixed_float16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def save_weights(networks: Iterable[Any], path: Path) -> None:
    """Write the weights of networks by name, as plain arrays."""
    weights = {weight.path: weight.numpy() for network in networks for weight in network.weights}
    with path.open("wb") as file:
        np.savez(file, **weights)


def load_weights(networks: Iterable[Any], path: Path) -> None:
    """Read what ``save_weights`` wrote into networks of the same shape; never unpickles."""
    with np.load(path, allow_pickle=False) as stored:
        for network in networks:
            for weight in network.weights:
                weight.assign(stored[weight.path])


def call_in_parts(
    network: Callable[[slice], dict[str, Any]], rows: int, rows_per_call: int
) -> dict[str, NDArray[np.float32]]:
    """Call a network on slices of its rows and join the named outputs.

    A direct call costs a millisecond; ``Model.predict`` traces a graph for every new model.

    Parameters
    ----------
    network : callable
        Maps a slice of the rows to named outputs; called once, on an empty slice, for no rows.
    """
    starts = range(0, rows, rows_per_call) or range(1)
    parts = [network(slice(start, min(start + rows_per_call, rows))) for start in starts]
    return {
        name: np.concatenate([np.asarray(part[name], np.float32) for part in parts])
        for name in parts[0]
    }


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
