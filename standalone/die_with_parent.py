"""`python die_with_parent.py PID PROGRAM ...`: becomes the program, and ends when process PID does.

It is a program of its own, because code between fork and exec is not safe in a process that has
loaded gRPC. It imports little, because it runs before every child.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for a SIGTERM at the parent's death, then become the program."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the parent died first")
    os.execvp(command[0], command)  # noqa: S606  # the supervisor's own command


if __name__ == "__main__":
    main()
