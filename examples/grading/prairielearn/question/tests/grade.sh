#!/usr/bin/env bash
# Runs in PrairieLearn's container, for every submission. The image needs `edunn-client[cli]`.
set -euo pipefail
grade=${EDUNN_PRAIRIELEARN:-/grade}
set -a
# shellcheck disable=SC1091
source "$grade/tests/config.env"
set +a
# PrairieLearn does not say whose submission it is: the variant stands for the student.
variant=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["variant_seed"])' \
    "$grade/data/data.json")
edunn check "$ASSIGNMENT" "$grade/student/my_layers.py" --student "variant-$variant" \
    --format prairielearn --output "$grade/results/results.json"
