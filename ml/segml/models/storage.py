"""Fitted scikit-learn objects in files that cannot run code when read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from skops import io

from segml.errors import ArtifactError

if TYPE_CHECKING:
    from pathlib import Path

# everything else in our files is on skops' own list of safe scikit-learn and NumPy types;
# a partial is as harmless as the function inside, which needs its own line here
TRUSTED_TYPES = (
    "functools.partial",
    "numpy.clip",
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
)


def save_estimator(estimator: Any, path: Path) -> None:  # noqa: ANN401
    """Write a fitted scikit-learn estimator, or a list of them."""
    io.dump(estimator, path)


def load_estimator(path: Path) -> Any:  # noqa: ANN401
    """Read what ``save_estimator`` wrote, refusing types that could run code.

    Raises
    ------
    ArtifactError
        If the file asks for a type that is not on the list.
    """
    unexpected = sorted(set(io.get_untrusted_types(file=path)) - set(TRUSTED_TYPES))
    if unexpected:
        raise ArtifactError(
            f"Model file {path.name} asks for the untrusted types {', '.join(unexpected)}",
            "Do not use this file; train again with `segml train`",
        )
    return io.load(path, trusted=list(TRUSTED_TYPES))


def save_json(values: dict[str, Any], path: Path) -> None:
    """Write plain values; floats keep every digit."""
    path.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_json(path: Path) -> dict[str, Any]:
    """Read what ``save_json`` wrote."""
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values
