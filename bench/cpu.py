"""How much processor time the parts of a run have taken."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Where utime and stime stand behind the program's name, proc_pid_stat(5).
UTIME, STIME = 11, 12
# The part that is the process which measures.
GENERATOR = "generator"

# Of the first line of /proc/stat: all but what was idle or waited for a disk.
BUSY = (1, 2, 3, 6, 7, 8)

Parts = Mapping[str, Sequence[int]]


def cpu_seconds(parts: Parts) -> dict[str, float]:
    """Return the processor time that each part has taken so far, and this process too."""
    taken = {part: sum(map(_of_process, pids)) for part, pids in parts.items()}
    return {**taken, GENERATOR: _of_process(os.getpid())}


def machine_seconds() -> float:
    """Return the processor time that everything on the machine has taken so far."""
    with Path("/proc/stat").open() as file:
        fields = file.readline().split()
    return sum(int(fields[at]) for at in BUSY) / TICKS_PER_SECOND


def _of_process(pid: int) -> float:
    # The name may have spaces and parentheses of its own.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[UTIME]) + int(fields[STIME])) / TICKS_PER_SECOND
