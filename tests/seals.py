"""The key of a stack, for tests that leave in Redis what server and workers would."""

from __future__ import annotations

from edunn_serving.seal import Seal
from standalone.data_folder import KEY_FILE
from standalone.stack import Stack


def seal_of(stack: Stack) -> Seal:
    return Seal((stack.data / KEY_FILE).read_text().strip())
