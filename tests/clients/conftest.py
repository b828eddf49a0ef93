"""A client's suite is one test here, and its first run on a machine takes its time."""

from __future__ import annotations

from pathlib import Path

import pytest
from suite import TIMEOUT_SECONDS

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS + 60))
