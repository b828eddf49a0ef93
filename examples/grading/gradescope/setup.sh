#!/usr/bin/env bash
# Runs once, when Gradescope builds the image of the autograder.
set -euo pipefail
apt-get update
apt-get install -y python3 python3-pip python3-venv
python3 -m venv /opt/edunn
/opt/edunn/bin/pip install 'edunn-client[cli]'
