#!/usr/bin/env bash
# Writes grades.csv, with the columns of nbgrader's exporter, and a page for the class.
set -euo pipefail
edunn grading export "${1:-dropout-1}" --output grades.csv
edunn grading report "${1:-dropout-1}" --html report.html
