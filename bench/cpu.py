"""Reads the processor time that the parts of a run have taken."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# The places of ppid, utime and stime after the program's name, proc_pid_stat(5).
PARENT, UTIME, STIME = 1, 11, 12
# The part that measures: this process.
GENERATOR = "generator"

# The fields of /proc/stat's first line, except those of idle time and of waiting for a disk.
BUSY = (1, 2, 3, 6, 7, 8)

Parts = Mapping[str, Sequence[int]]


def cpu_seconds(parts: Parts) -> dict[str, float]:
    """Return the processor time of each part and of this process so far."""
    taken = {part: sum(map(_of_process, pids)) for part, pids in parts.items()}
    return {**taken, GENERATOR: _of_process(os.getpid())}


def machine_seconds() -> float:
    """Return the processor time of all programs on the machine so far."""
    with Path("/proc/stat").open() as file:
        fields = file.readline().split()
    return sum(int(fields[at]) for at in BUSY) / TICKS_PER_SECOND


def children_of(pid: int) -> list[int]:
    """Return the ids of a process's own child processes."""
    return [
        int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if _parent(path) == pid
    ]


def _parent(path: Path) -> int:
    try:
        return int(path.read_text().rpartition(") ")[2].split()[PARENT])
    except (FileNotFoundError, ProcessLookupError):
        # The process has ended meanwhile.
        return 0


def _of_process(pid: int) -> float:
    # The program's name may have spaces and parentheses.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[UTIME]) + int(fields[STIME])) / TICKS_PER_SECOND
