"""How many threads compute at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_ROWS_FOR_THREADS = 50_000


@contextmanager
def threads_for(rows: int) -> Iterator[None]:
    """Use one thread where several would wait for each other longer than they compute.

    Linear algebra is such a place below ``MIN_ROWS_FOR_THREADS``. Small boosted trees always are:
    on a busy machine of two cores, two threads took ten times as long as one.
    """
    with (
        one_thread_per_tree(),
        threadpool_limits(limits=1 if rows < MIN_ROWS_FOR_THREADS else None),
    ):
        yield


@contextmanager
def one_thread_per_tree() -> Iterator[None]:
    """Keep OpenMP to one thread, for the Python thread that asks and for no other."""
    with threadpool_limits(limits=1, user_api="openmp"):
        yield
