#!/usr/bin/env python3
"""The autograder of a Classroom 50 assignment: CLASSROOM/autograders/ASSIGNMENT/autograder.py.

It writes ./result.json. The secrets EDUNN_TARGET and EDUNN_TOKEN name the service and a grader's
token. Classroom 50 sets CLASSROOM, ASSIGNMENT, USERNAME and the other variables that the file
repeats. It takes an exit code other than 0 for a failure of the infrastructure.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("edunn_client") is None:
    install = ["pip", "install", "--quiet", "edunn-client[cli,grading]"]
    subprocess.run([sys.executable, "-m", *install], check=True)  # noqa: S603
assignment = os.environ.get("EDUNN_ASSIGNMENT") or os.environ["ASSIGNMENT"]
check = ["edunn_client", "check", assignment, "my_layers.py", "--format", "classroom50"]
done = subprocess.run([sys.executable, "-m", *check], check=False)  # noqa: S603
sys.exit(done.returncode)
