"""From customers of one snapshot to named personas that keep their names over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from segml.models.clusters import choose_clustering
from segml.personas.naming import name_persona
from segml.personas.personas import Persona, Personas
from segml.personas.space import GROUPS, build_space, columns_of, contrasts
from segml.wording import feature_sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segml.dataset import Examples, FeatureSchema
    from segml.models.clusters import Clustering
    from segml.personas.personas import Centre

MAXIMUM_CUSTOMERS = 20_000  # more of them do not move the centres
CUSTOMERS_PER_PERSONA = 20  # fewer are anecdotes
VALUE = "net_revenue"
NAMED_TRAITS = 4
TRAIT_FROM = 0.3  # standard deviations from the mean of all customers


def persona_inputs(schema: FeatureSchema) -> tuple[str, ...]:
    """Return the features by which customers are grouped, in a fixed order."""
    return tuple(name for names in GROUPS.values() for name in names if name in schema.numeric)


def fit_personas(
    examples: Examples,
    inputs: Sequence[str],
    earlier: Mapping[str, Centre],
    *,
    fewest: int,
    most: int,
    seed: int,
) -> Personas | None:
    """Group customers by behaviour and name the groups.

    Outcomes are not looked at, and the order of the rows does not matter.

    Parameters
    ----------
    examples : Examples
        Customers of one snapshot, with ``inputs`` and ``net_revenue`` among their features.
    inputs : sequence of str
        What they may be grouped by.
    earlier : mapping of str to Centre
        Personas of the fit before: one that is still there keeps its name.
    fewest, most : int
        Range of the number of personas.

    Returns
    -------
    Personas or None
        None if there are too few customers, or nothing tells them apart.
    """
    examples = examples.take(np.argsort(examples.customer_key, kind="stable"))
    frame = examples.features[list(dict.fromkeys((*inputs, VALUE)))].astype(np.float64)
    space = build_space(frame, inputs)
    sizes = range(fewest, min(most, len(frame) // CUSTOMERS_PER_PERSONA) + 1)
    if space is None or not sizes:
        return None
    with threadpool_limits(limits=1):  # sums, and so clusters, must not depend on the machine
        points = space.fit_transform(frame)
        clustering = choose_clustering(points, sizes, seed=seed)
        return Personas(
            make_pipeline(*space, clustering.model),
            _members(space, frame, clustering, earlier),
            clustering.stability,
            clustering.silhouette,
        )


def _members(
    space: Any,  # noqa: ANN401
    frame: pd.DataFrame,
    clustering: Clustering,
    earlier: Mapping[str, Centre],
) -> tuple[Persona, ...]:
    columns = columns_of(space)
    groups = [frame[clustering.labels == label] for label in range(clustering.size)]
    centres = [_centre(group[columns]) for group in groups]
    values = np.array([group[VALUE].mean() for group in groups])
    by_value = np.lexsort((np.arange(len(values)), -values))
    differences = contrasts(space, frame, clustering.labels)
    names = _keep_names(space, earlier, centres)
    for label in by_value:
        if label not in names:
            contrast = dict(zip(columns, differences[label], strict=True))
            names[label] = name_persona(contrast, {*names.values()})
    everybody = _centre(frame[columns])
    members = []
    for label, group in enumerate(groups):
        traits = _traits(columns, differences[label], centres[label], everybody)
        share = len(group) / len(frame)
        members.append(
            Persona(
                name=names[label],
                description=_describe(traits, share, values[label], frame[VALUE].mean()),
                traits=traits,
                value_order=int(np.flatnonzero(by_value == label)[0]) + 1,
                customer_count=len(group),
                customer_share=share,
                mean_net_revenue=float(values[label]),
                centre=centres[label],
            )
        )
    return tuple(members)


def _centre(group: pd.DataFrame) -> Centre:
    """Return a mean that extreme values hardly move: taken on the arcsinh scale."""
    means = np.sinh(np.arcsinh(group).mean())
    return {name: None if np.isnan(mean) else float(mean) for name, mean in means.items()}


def _keep_names(
    space: Any,  # noqa: ANN401
    earlier: Mapping[str, Centre],
    centres: Sequence[Centre],
) -> dict[int, str]:
    """Match earlier personas to new ones by their centres, one to one and as close as can be.

    A name is kept where the earlier centre lies within half the distance from the new centre to
    the nearest other one: it would surely be assigned to the new persona (Kuhn 1955 for the
    matching).
    """
    if not earlier:
        return {}
    columns = columns_of(space)
    new, old = (
        space.transform(pd.DataFrame(list(rows), columns=columns, dtype=np.float64))
        for rows in (centres, earlier.values())
    )
    between = cdist(new, new)
    np.fill_diagonal(between, np.inf)
    reach = between.min(axis=1) / 2
    distances = cdist(old, new)
    names = list(earlier)
    pairs = zip(*linear_sum_assignment(distances), strict=True)
    return {int(b): names[a] for a, b in pairs if distances[a, b] <= reach[b]}


def _traits(
    columns: Sequence[str], differences: NDArray[np.float64], centre: Centre, everybody: Centre
) -> tuple[str, ...]:
    """Say what is distinctive: one feature per group, the strongest first."""
    group_of = {name: group for group, names in GROUPS.items() for name in names}
    chosen: dict[str, int] = {}
    for position in np.argsort(-np.abs(differences), kind="stable"):
        if abs(differences[position]) >= TRAIT_FROM and centre[columns[position]] is not None:
            chosen.setdefault(group_of[columns[position]], int(position))
    positions = np.array(list(chosen.values())[:NAMED_TRAITS], dtype=np.int_)
    typical = pd.DataFrame([centre], columns=list(columns), dtype=np.float64)
    return tuple(feature_sentences(typical, np.zeros_like(positions), positions, everybody))


def _describe(traits: Sequence[str], share: float, value: float, value_of_all: float) -> str:
    behaviour = ", ".join(traits) or "close to the average in everything"
    return (
        f"{share:.0%} of customers with a mean net revenue of {value:,.0f} "
        f"(all customers: {value_of_all:,.0f}): {behaviour}."
    )
