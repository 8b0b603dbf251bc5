"""How many threads compute at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Grown = TypeVar("Grown")

MIN_ROWS_FOR_THREADS = 50_000


@contextmanager
def threads_for(rows: int) -> Iterator[None]:
    """Use one thread where several would wait for each other longer than they compute.

    Linear algebra is such a place below ``MIN_ROWS_FOR_THREADS``. Small boosted trees always are:
    on a busy machine of two cores, two threads took ten times as long as one.
    """
    with (
        threadpool_limits(limits=1, user_api="openmp"),
        threadpool_limits(limits=1 if rows < MIN_ROWS_FOR_THREADS else None),
    ):
        yield


def grow_side_by_side(
    grow: Callable[..., Grown], arguments: Iterable[tuple[Any, ...]]
) -> list[Grown]:
    """Call ``grow`` with each of the arguments, on all cores, and return what it returns.

    Each call has one Python thread, and OpenMP keeps to one thread in it.
    """

    def alone(*given: object) -> Grown:
        with threadpool_limits(limits=1, user_api="openmp"):
            return grow(*given)

    grown: list[Grown] = Parallel(n_jobs=-1, prefer="threads")(
        delayed(alone)(*each) for each in arguments
    )
    return grown
