"""The memory of the stack's processes."""

from __future__ import annotations

from pathlib import Path

from standalone.processes import Child


def resident_bytes(child: Child) -> int:
    """Return the bytes of the machine's memory that a process takes."""
    for line in Path(f"/proc/{child.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"{child.name} takes no memory: it has ended")
