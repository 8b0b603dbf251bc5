"""What a step of a benchmark cost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

KIB_PER_GIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a step cost: seconds of the clock and of all cores together, memory at its peak."""

    wall: float
    cpu: float
    peak_gib: float = float("nan")

    def __sub__(self, other: Spent) -> Spent:
        return replace(self, wall=self.wall - other.wall, cpu=self.cpu - other.cpu)

    def __truediv__(self, count: int) -> Spent:
        return replace(self, wall=self.wall / count, cpu=self.cpu / count)

    @staticmethod
    def least(rounds: Iterable[Spent]) -> Spent:
        """Return the round that others on this machine disturbed least."""
        return min(rounds, key=lambda spent: spent.cpu)


class Stopwatch:
    """Measures a block within this process, its threads included."""

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.spent = Spent(
            wall=time.perf_counter() - self._wall, cpu=time.process_time() - self._cpu
        )


def spent_by(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Spent:
    """Run a command to its end and say what it cost; what fails ends the benchmark."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed, see its messages above")
    return Spent(
        wall=time.perf_counter() - start,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_gib=usage.ru_maxrss / KIB_PER_GIB,
    )
