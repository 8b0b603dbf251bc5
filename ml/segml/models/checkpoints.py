"""What a killed training run has learned so far, for the same run to go on from."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    State = dict[str, NDArray[np.generic]]

# a run sets it around everything that it fits: models have no business with folders
_folder: ContextVar[Path | None] = ContextVar("checkpoint folder", default=None)


@contextlib.contextmanager
def checkpoints_in(folder: Path) -> Iterator[None]:
    """Let networks that are fitted inside save their progress, and go on from what they find.

    The folder is removed at the end and stays when the run is killed or fails.
    """
    token = _folder.set(folder)
    try:
        yield
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        _folder.reset(token)


def count_checkpoints(folder: Path) -> int:
    """Return how many fits a killed run has left in its folder, finished or not."""
    return len(list(folder.glob("*.npz")))


def prune_checkpoints(current: Path) -> None:
    """Remove what runs of other data, settings or code have left: nothing will go on from it."""
    for folder in current.parent.glob(f"*{current.suffix}"):
        if folder != current:
            shutil.rmtree(folder)


@dataclass(frozen=True)
class Checkpoint:
    """A place for the state of one fit; without a path nothing is kept."""

    path: Path | None = None

    def load(self) -> State | None:
        """Return the newest state, or ``None`` at a fresh start; never unpickles."""
        if self.path is None or not self.path.exists():
            return None
        with np.load(self.path, allow_pickle=False) as stored:
            return dict(stored)

    def save(self, state: State) -> None:
        """Replace the state at once: a kill leaves the old one or the new one."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".draft")
        with draft.open("wb") as file:
            np.savez(file, **state)  # type: ignore[arg-type]
        os.replace(draft, self.path)  # noqa: PTH105


def checkpoint_of(*identity: str) -> Checkpoint:
    """Return the checkpoint of the fit that these texts identify, within the current run."""
    folder = _folder.get()
    digest = hashlib.sha256("|".join(identity).encode()).hexdigest()[:16]
    return Checkpoint(folder / f"{digest}.npz" if folder else None)
