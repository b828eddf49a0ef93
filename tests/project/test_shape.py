"""The shape of the tree: who may import whom, stubs that are fresh, documents that are complete."""

from __future__ import annotations

import ast
import filecmp
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edunn_serving.errors import reasons_table
from edunn_serving.settings import settings_table

ROOT = Path(__file__).resolve().parents[2]
OURS = {"edunn", "edunn_client", "edunn_serving", "server", "standalone", "worker"}
MAY_IMPORT = {
    "edunn": {"edunn"},
    "edunn_serving": {"edunn_serving"},
    "worker": {"worker", "edunn", "edunn_serving"},
    "server": {"server", "edunn", "edunn_serving"},
    # The demo is a program of a caller's.
    "standalone": {"standalone", "edunn_serving", "edunn", "edunn_client"},
    "clients/python/src/edunn_client": {"edunn_client"},
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.split(".")[0])
    return names & OURS


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_follow_the_arrows(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): names
        for path in (ROOT / package).rglob("*.py")
        if (names := imported(path) - MAY_IMPORT[package])
    }
    assert wrong == {}


def test_worker_never_imports_grpc() -> None:
    program = "import sys, worker.engine, worker.celery; sys.exit('grpc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_no_file_is_two_rooms() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in (
            "edunn",
            "edunn_serving",
            "worker",
            "server",
            "standalone",
            "clients",
            "tests",
            "bench",
        )
        for path in (ROOT / folder).rglob("*.py")
        if "_pb2" not in path.name and (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_committed_stubs_are_fresh(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "proto" / "generate.py"), "--into", str(tmp_path)], check=True
    )
    packages = [f"edunn_serving/{each.name}" for each in (tmp_path / "edunn_serving").iterdir()]
    assert "edunn_serving/v1" in packages
    for folder in (*packages, "clients/python/src/edunn_client/_stubs"):
        fresh = {path.relative_to(tmp_path) for path in (tmp_path / folder).rglob("*.*")}
        committed = {
            path.relative_to(ROOT)
            for path in (ROOT / folder).rglob("*.*")
            if "__pycache__" not in path.parts
        }
        assert committed == fresh
        for path in fresh:
            assert filecmp.cmp(tmp_path / path, ROOT / path, shallow=False), f"{path} is stale"


def test_architecture_names_files_that_are_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|lua|proto|md))`", text))
    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_readme_has_the_settings_table() -> None:
    assert settings_table() in (ROOT / "README.md").read_text()


def test_readme_has_the_reasons_table() -> None:
    assert reasons_table() in (ROOT / "README.md").read_text()


def test_requirements_name_no_place_to_download_from() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (ROOT / name).read_text().splitlines()
        assert all(re.fullmatch(r"#.*|[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+", line) for line in lines)


def test_dockerfile_and_tests_need_no_file_that_is_not_there() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {"Makefile", "README.md", "LICENSE", "CONTRIBUTING.md", ".ci/run"} <= set(
        listed.splitlines()
    )
