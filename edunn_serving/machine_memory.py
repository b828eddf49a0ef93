"""The memory of this machine, or of the container of it that this process is in.

A container without a limit has the machine's memory. Its limit is then a number near 2**63 in the
first version of control groups, and `max` in the second one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


class _Files(NamedTuple):
    """Where a version of control groups tells of a container's memory."""

    limit: str
    taken: str
    # Has a line for the file cache that the system gives up first.
    details: str
    cache: str


_VERSIONS = (
    _Files("memory.max", "memory.current", "memory.stat", "inactive_file"),
    _Files(
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


def machine_bytes(cgroup: Path = CGROUP) -> int:
    """Return the bytes of memory that the machine, or this container of it, has."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for files in _VERSIONS:
        try:
            return min(machine, int((cgroup / files.limit).read_text()))
        except (OSError, ValueError):
            # There is no such file, or the limit is "max".
            continue
    return machine


def available_bytes(cgroup: Path = CGROUP) -> int:
    """Return the bytes of memory that the machine, or this container of it, has left."""
    machine = _lines_of(MEMINFO.read_text())["MemAvailable:"] * 1024
    for files in _VERSIONS:
        try:
            limit, taken = (int((cgroup / each).read_text()) for each in (files.limit, files.taken))
            cache = _lines_of((cgroup / files.details).read_text()).get(files.cache, 0)
        except (OSError, ValueError):
            continue
        return max(0, min(machine, limit - taken + cache))
    return machine


def _lines_of(text: str) -> dict[str, int]:
    """Return the numbers of lines such as `name 12` or `name: 12 kB`, by their first words."""
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines() if line}
