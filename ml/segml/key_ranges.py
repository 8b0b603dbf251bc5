"""Customer keys are keyed hashes and so evenly spread: part of the customers is a range of keys."""

from __future__ import annotations

from uuid import UUID

KEY_SPACE = 2**128


def key_at(share: float) -> UUID:
    """Return the key below which this share of all customers lies."""
    return UUID(int=min(KEY_SPACE - 1, int(share * KEY_SPACE)))


def key_ranges(count: int) -> list[str]:
    """Return SQL conditions on ``customer_key`` that deal all customers into ranges of one width.

    Parameters
    ----------
    count : int
        Number of ranges, in the order of their keys.
    """
    edges = [f"cast('{key_at(position / count)}' as uuid)" for position in range(1, count)]
    lower = ["true", *(f"customer_key >= {edge}" for edge in edges)]
    upper = [*(f"customer_key < {edge}" for edge in edges), "true"]
    return [f"{first} and {last}" for first, last in zip(lower, upper, strict=True)]
