#!/usr/bin/env bash
# Prints what check50 --output json prints, for what reads that.
set -euo pipefail
edunn check "${1:-dropout-1}" my_layers.py --format check50
