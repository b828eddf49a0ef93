"""What every client must do alike: the scenarios of clients/conformance, by both clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from edunn_client import AsyncClient, Client
from scenario_runner import ScenarioRunner

FOLDER = Path(__file__).parents[2] / "conformance"
SCENARIOS = [
    pytest.param(scenario, id=f"{path.stem}: {scenario['name']}")
    for path in sorted(FOLDER.glob("*.json"))
    for scenario in json.loads(path.read_text())
]


@pytest.fixture(scope="module")
def sharing(address: str) -> Iterator[Client]:
    with Client(address, share_stream=True) as client:
        yield client


def test_there_are_scenarios() -> None:
    assert SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(client: Client, scenario: dict[str, Any]) -> None:
    asyncio.run(ScenarioRunner(client).run(scenario))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario_through_a_shared_stream(sharing: Client, scenario: dict[str, Any]) -> None:
    asyncio.run(ScenarioRunner(sharing).run(scenario))


@pytest.mark.parametrize("share", [False, True], ids=["alone", "shared"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario_by_asyncio(address: str, scenario: dict[str, Any], share: bool) -> None:
    async def run() -> None:
        async with AsyncClient(address, share_stream=share) as client:
            await ScenarioRunner(client).run(scenario)

    asyncio.run(run())
