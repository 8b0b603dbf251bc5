"""The personas of one training run: customers of the newest snapshot and the names before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.artifacts import stored_persona_centres
from segml.dataset import FeatureSchema, data_fingerprint
from segml.errors import ArtifactError
from segml.mart import read_scoring_batches
from segml.personas import MAXIMUM_CUSTOMERS, VALUE, fit_personas, persona_inputs
from segml.registry import artifact_folder, find_version
from segml.schemas import read_schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from segml.dataset import Examples
    from segml.personas import Centre, Personas
    from segml.settings import Settings
    from segml.warehouse import Warehouse


@dataclass(frozen=True)
class Customers:
    """Who is grouped into personas, and the personas of the champion before.

    Parameters
    ----------
    examples : Examples or None
        Customers of the newest snapshot; a fixed sample of them in a large shop.
    inputs : tuple of str
        Features that may decide about the groups.
    earlier : dict
        Centre of each earlier persona, by name.
    """

    examples: Examples | None
    inputs: tuple[str, ...]
    earlier: dict[str, Centre]

    @property
    def fingerprint(self) -> str:
        """Fingerprint of all values that the personas are learned from."""
        return "" if self.examples is None else data_fingerprint(self.examples)

    def fit_personas(self, settings: Settings, progress: Callable[[str], None]) -> Personas | None:
        """Group the customers; None where there are too few."""
        personas = None
        if self.examples is not None:
            personas = fit_personas(
                self.examples,
                self.inputs,
                self.earlier,
                fewest=settings.minimum_personas,
                most=settings.maximum_personas,
                seed=settings.seed,
            )
        if personas is None:
            progress("no personas: too few customers, or nothing tells them apart")
        else:
            progress(f"{len(personas.members)} personas (stability {personas.stability:.2f})")
        return personas


def read_customers(warehouse: Warehouse, snapshot_date: date, settings: Settings) -> Customers:
    """Read whom to group.

    Keys are keyed hashes, so the first customers in their order are a fair sample of all. Net
    revenue orders the personas by value even where it may not decide who belongs to them.
    """
    inputs = persona_inputs(read_schema(warehouse, settings.excluded_features))
    schema = FeatureSchema(numeric=tuple(dict.fromkeys((*inputs, VALUE))), categorical=())
    batches = read_scoring_batches(warehouse, schema, snapshot_date, MAXIMUM_CUSTOMERS)
    return Customers(next(batches, None), inputs, _earlier_centres(warehouse, settings))


def _earlier_centres(warehouse: Warehouse, settings: Settings) -> dict[str, Centre]:
    """Read the champion's personas; files that are gone only mean that names start afresh."""
    try:
        version = find_version(warehouse)
        path = artifact_folder(settings, warehouse.path) / version.artifact_path
        return stored_persona_centres(path, version.artifact_sha256)
    except ArtifactError:
        return {}
