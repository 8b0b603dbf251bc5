"""Fitted personas: who belongs to which, what they are like, and their files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from segml.models.storage import load_estimator, load_json, save_estimator, save_json
from segml.personas.space import columns_of

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from segml.dataset import Examples

ESTIMATOR_FILE = "personas.skops"
DESCRIPTION_FILE = "personas.json"

Centre = dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Persona:
    """One group of customers who behave alike.

    Parameters
    ----------
    name : str
        Such as "dormant discount hunters"; unique within a fit.
    description : str
        What they are like, in a sentence.
    traits : tuple of str
        What is distinctive, in words with units, strongest first.
    value_order : int
        1 for the highest mean net revenue.
    customer_count, customer_share
        Of the customers of the fit.
    mean_net_revenue : float
        Currency per customer before the snapshot.
    centre : dict of str to float
        Value of the typical member, by feature; ``None`` if all are unknown.
    """

    name: str
    description: str
    traits: tuple[str, ...]
    value_order: int
    customer_count: int
    customer_share: float
    mean_net_revenue: float
    centre: Centre


@dataclass(frozen=True)
class Personas:
    """All personas of one fit.

    Parameters
    ----------
    estimator : Pipeline
        From feature columns to the position in ``members``.
    members : tuple of Persona
        In the order of the estimator's labels.
    stability : float
        Mean adjusted Rand index over subsamples.
    silhouette : float
        Mean silhouette.
    """

    estimator: Any
    members: tuple[Persona, ...]
    stability: float
    silhouette: float

    def assign(self, examples: Examples) -> NDArray[np.object_]:
        """Return the name of each customer's persona, shape (n,)."""
        names = np.array([persona.name for persona in self.members], dtype=object)
        frame = examples.features[columns_of(self.estimator)].astype(np.float64)
        assigned: NDArray[np.object_] = names[self.estimator.predict(frame)]
        return assigned

    def table(self, snapshot_date: date) -> pd.DataFrame:
        """Return one row per persona, highest value first, as ``ml.personas`` has them."""
        rows = [
            {
                "cluster_name": persona.name,
                "description": persona.description,
                "distinctive_features": list(persona.traits),
                "value_order": persona.value_order,
                "customer_count": persona.customer_count,
                "customer_share": persona.customer_share,
                "mean_net_revenue": persona.mean_net_revenue,
            }
            for persona in sorted(self.members, key=lambda item: item.value_order)
        ]
        return pd.DataFrame(rows).assign(
            snapshot_date=snapshot_date,
            cluster_count=len(rows),
            stability=self.stability,
            silhouette=self.silhouette,
        )

    def save(self, folder: Path) -> None:
        """Write into an existing folder, in formats that cannot run code."""
        save_estimator(self.estimator, folder / ESTIMATOR_FILE)
        values = {"stability": self.stability, "silhouette": self.silhouette}
        members = [asdict(persona) for persona in self.members]
        save_json(values | {"members": members}, folder / DESCRIPTION_FILE)

    @classmethod
    def load(cls, folder: Path) -> Personas:
        """Read what ``save`` wrote."""
        values = load_json(folder / DESCRIPTION_FILE)
        members = [
            Persona(**(item | {"traits": tuple(item["traits"])})) for item in values.pop("members")
        ]
        return cls(load_estimator(folder / ESTIMATOR_FILE), tuple(members), **values)


def load_persona_centres(folder: Path) -> dict[str, Centre]:
    """Read the centre of every persona by name, without the estimator."""
    members = load_json(folder / DESCRIPTION_FILE)["members"]
    return {item["name"]: item["centre"] for item in members}
