"""Names for personas, by rule: the same behaviour is called the same in every shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

DISTINCT_FROM = 0.5  # standard deviations from the mean of all customers
NOTABLE_FROM = 0.2  # enough to tell two personas apart that would share a name
HIGH, LOW = 1, -1

LIFE = (
    ("recency_days", HIGH, "dormant"),
    ("recency_days", LOW, "active"),
    ("tenure_days", LOW, "new"),
    ("tenure_days", HIGH, "long-standing"),
)
HABITS = (
    ("discounted_order_share", HIGH, "discount"),
    ("discounted_order_share", LOW, "full-price"),
    ("average_order_revenue", HIGH, "big-basket"),
    ("average_order_revenue", LOW, "small-basket"),
    ("session_count_90d", HIGH, "browsing"),
    ("average_order_units", HIGH, "bulk"),
    ("average_unit_revenue", HIGH, "premium"),
    ("returned_order_share", HIGH, "return-prone"),
    ("category_count", HIGH, "wide-ranging"),
    ("top_category_share", HIGH, "one-category"),
    ("rating_mean", HIGH, "satisfied"),
    ("rating_mean", LOW, "critical"),
    ("review_count", HIGH, "reviewing"),
)
# what somebody is known for instead of how often they buy, unless they buy often
KNOWN_FOR = {"discount": "discount hunters", "browsing": "browsers"}


def name_persona(traits: Mapping[str, float], taken: Collection[str]) -> str:
    """Return a name that says what is distinctive, such as "dormant discount hunters".

    Parameters
    ----------
    traits : mapping of str to float
        Difference to all customers in standard deviations, by feature; absent ones are 0.
    taken : collection of str
        Names that other personas have; the next best description is used instead, and a number
        where words do not suffice.
    """
    candidates = list(_candidates(traits))
    free = (name for name in candidates if name not in taken)
    numbered = (f"{candidates[0]} {number}" for number in range(2, len(taken) + 3))
    return next(free, None) or next(name for name in numbered if name not in taken)


def _candidates(traits: Mapping[str, float]) -> Iterator[str]:
    life = _words(LIFE, traits, DISTINCT_FROM)[:1]
    frequency = traits.get("order_count", 0.0)
    noun = "regulars"
    if frequency >= DISTINCT_FROM:
        noun = "loyals"
    elif frequency <= -DISTINCT_FROM:
        noun = "occasional buyers"
    habits = _words(HABITS, traits, DISTINCT_FROM)
    if not habits:
        yield " ".join([*life, noun])
    for habit in habits + [
        word for word in _words(HABITS, traits, NOTABLE_FROM) if word not in habits
    ]:
        if habit in KNOWN_FOR and noun != "loyals":
            yield " ".join([*life, KNOWN_FOR[habit]])
        else:
            yield " ".join([*life, habit, noun])


def _words(
    rules: tuple[tuple[str, int, str], ...], traits: Mapping[str, float], threshold: float
) -> list[str]:
    """Return the words of the rules that hold, the most distinctive first."""
    strengths = [(traits.get(feature, 0.0) * sign, word) for feature, sign, word in rules]
    holding = [item for item in strengths if item[0] >= threshold]
    return [word for _, word in sorted(holding, key=lambda item: -item[0])]
