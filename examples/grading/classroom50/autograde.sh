#!/usr/bin/env bash
# The grading step of a Classroom 50 assignment. It writes ./result.json.
#
# The secrets EDUNN_TARGET and EDUNN_TOKEN name the service and a grader's token. Classroom 50 sets
# CLASSROOM, ASSIGNMENT, USERNAME and the other variables that the file repeats.
set -euo pipefail
edunn check "${EDUNN_ASSIGNMENT:-$ASSIGNMENT}" my_layers.py --format classroom50
