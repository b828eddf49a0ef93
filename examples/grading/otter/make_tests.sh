#!/usr/bin/env bash
# Writes tests/dropout-1.py, which Otter-Grader 7 reads: one test case for each check.
set -euo pipefail
mkdir -p tests
edunn grading otter "${1:-dropout-1}" --output "tests/${1:-dropout-1}.py"
