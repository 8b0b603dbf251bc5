"""Whether a run's model takes over from the one that is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.comparison import Difference, difference
from segml.models import AS_SERVED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Set

    from segml.bootstrap import Measurement
    from segml.models.search_space import Parameters
    from segml.selection import Decision, Trial


@dataclass(frozen=True, kw_only=True)
class Champion:
    """What is served when a run begins, as far as the run needs to know.

    Parameters
    ----------
    model_version, kind : str
        The registered version and its kind of model.
    parameters : mapping of str
        What must be fitted to learn it anew: itself and, if it is a blend, its members. By kind,
        the parameters that differ from the defaults.
    obstacle : str or None
        Why it cannot be served any more, for example because the features changed.
    is_current : bool
        Whether it has learned from the same outcomes as the run will.
    taken_down : set of str
        Kinds of model whose result of this very run was replaced by hand.
    """

    model_version: str
    kind: str
    parameters: Mapping[str, Parameters]
    obstacle: str | None
    is_current: bool
    taken_down: Set[str] = frozenset()

    def recipe_among(self, names: Collection[str]) -> str:
        """Return which of a run's models is the champion learned anew.

        That is its kind of model, under the champion's parameters where the run has found others.
        """
        as_served = f"{self.kind}{AS_SERVED}"
        return as_served if as_served in names else self.kind


@dataclass(frozen=True)
class Verdict:
    """Which of a run's models is served from now on, and why.

    Parameters
    ----------
    promoted : str or None
        Kind of model that takes over; None leaves the champion as it is.
    evidence : Difference, optional
        Test log loss of the challenger less that of the champion's kind.
    """

    promoted: str | None
    reason: str
    evidence: Difference | None = None


def challenge(
    champion: Champion | None,
    decision: Decision,
    trials: Mapping[str, Trial],
    tested: Mapping[str, Measurement],
    *,
    confidence: float,
) -> Verdict:
    """Compare the run's choice with the champion's recipe, both learned from the same rows.

    A challenger takes over only if its log loss on the test snapshot is lower in at least
    ``confidence`` of the paired resamples. Otherwise the champion's recipe (its kind of model and
    its parameters) stays: as it is, or, when there are newer outcomes, learned anew from them. A
    champion that no longer beats the baselines gives way to the baseline whatever the test says.

    Parameters
    ----------
    decision : Decision
        The challenger: what validation chose.
    trials, tested : mapping of str
        Validation trial and test measurement of every model of the run, the champion's recipe
        among them.
    """
    challenger = decision.champion.name
    if champion is None:
        return Verdict(challenger, "there was no champion")
    if champion.obstacle:
        return Verdict(
            challenger, f"{champion.model_version} cannot be served: {champion.obstacle}"
        )
    verdict = _weigh(champion, decision, trials, tested, confidence)
    if verdict.promoted in champion.taken_down:
        reason = f"{verdict.promoted} of this run was replaced by hand"
        return Verdict(None, reason, verdict.evidence)
    return verdict


def _weigh(
    champion: Champion,
    decision: Decision,
    trials: Mapping[str, Trial],
    tested: Mapping[str, Measurement],
    confidence: float,
) -> Verdict:
    name, served = decision.champion.name, champion.recipe_among(trials)
    if name == served:
        return Verdict(name, f"the champion was {name}, too: it has learned again")
    gap = difference(tested[served], tested[name], "log_loss")
    best = decision.champion
    if best.is_baseline and trials[served].mean_log_loss >= best.mean_log_loss:
        reason = f"the champion's {champion.kind} does not beat this baseline any more"
        return Verdict(name, reason, gap)
    own = "" if served == champion.kind else ", with the parameters it has,"
    evidence = (
        f"test log loss {gap.value:+.4f} against the champion's {champion.kind}{own} "
        f"(95 % {gap.ci_low:+.4f} to {gap.ci_high:+.4f}), better in {gap.p_better:.0%} of resamples"
    )
    if gap.p_better >= confidence:
        return Verdict(name, evidence, gap)
    missed = f"{name} is not better with {confidence:.0%} confidence: {evidence}"
    if champion.is_current:
        return Verdict(None, missed, gap)
    return Verdict(served, f"{missed}; {champion.kind} has learned from the newer outcomes", gap)
