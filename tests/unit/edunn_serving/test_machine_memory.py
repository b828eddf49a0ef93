"""How much memory there is: a container's limit counts, and the lack of one does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from edunn_serving.machine_memory import available_bytes, machine_bytes
from edunn_serving.setting_types import MEBIBYTE

# What the first version of control groups says without a limit, with pages of 4 and of 64 KiB.
NO_LIMITS = (2**63 - 4096, 2**63 - 65536)


def second_version(folder: Path, limit: str) -> Path:
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{48 * MEBIBYTE}\n")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {16 * MEBIBYTE}\n")
    return folder


def first_version(folder: Path, limit: int) -> Path:
    memory = folder / "memory"
    memory.mkdir()
    (memory / "memory.limit_in_bytes").write_text(f"{limit}\n")
    (memory / "memory.usage_in_bytes").write_text(f"{48 * MEBIBYTE}\n")
    (memory / "memory.stat").write_text(f"cache 1\ntotal_inactive_file {16 * MEBIBYTE}\n")
    return folder


def test_a_container_has_what_it_is_allowed(tmp_path: Path) -> None:
    folder = second_version(tmp_path, str(128 * MEBIBYTE))
    assert machine_bytes(folder) == 128 * MEBIBYTE
    # The system gives up the cache of files for a process that needs memory.
    assert available_bytes(folder) == (128 - 48 + 16) * MEBIBYTE


def test_a_container_of_the_first_version_has_what_it_is_allowed(tmp_path: Path) -> None:
    folder = first_version(tmp_path, 128 * MEBIBYTE)
    assert machine_bytes(folder) == 128 * MEBIBYTE
    assert available_bytes(folder) == (128 - 48 + 16) * MEBIBYTE


def test_a_container_beyond_its_limit_has_nothing_left(tmp_path: Path) -> None:
    assert available_bytes(second_version(tmp_path, str(16 * MEBIBYTE))) == 0


def test_a_container_without_a_limit_has_what_the_machine_has(tmp_path: Path) -> None:
    machine = machine_bytes(tmp_path / "none")
    folder = second_version(tmp_path, "max")
    assert machine_bytes(folder) == machine
    assert 0 < available_bytes(folder) <= machine


@pytest.mark.parametrize("limit", NO_LIMITS)
def test_a_limit_beyond_the_machine_is_none(limit: int, tmp_path: Path) -> None:
    machine = machine_bytes(tmp_path / "none")
    folder = first_version(tmp_path, limit)
    assert machine_bytes(folder) == machine
    assert 0 < available_bytes(folder) <= machine
