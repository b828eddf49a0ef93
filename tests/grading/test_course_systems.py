"""The folders of examples/grading, each in the layout which its system documents."""

from __future__ import annotations

import ast
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import nbformat
import pytest
import yaml
from callers import As
from nbclient import NotebookClient

from standalone.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "grading"
RIGHT, WRONG = (EXAMPLES / "python" / name for name in ("my_layers.py", "wrong_layers.py"))
AWAY = "127.0.0.1:1"

# One database is enough: nothing here depends on it.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def variables(graded_stack: Stack, as_: As) -> dict[str, str]:
    as_("teacher").put_assignment((EXAMPLES / "dropout-1.yaml").read_text())
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "EDUNN_TARGET": graded_stack.address,
        "EDUNN_TOKEN": "token-of-teacher",
        "COLUMNS": "120",
    }


def run(command: list[str | Path], folder: Path, variables: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=dict(variables), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def away(variables: Mapping[str, str]) -> dict[str, str]:
    return {**variables, "EDUNN_TARGET": AWAY}


def config(folder: Path, variables: Mapping[str, str]) -> None:
    names = ("EDUNN_TARGET", "EDUNN_TOKEN")
    lines = [*(f"{name}={variables[name]}" for name in names), "ASSIGNMENT=dropout-1"]
    (folder / "config.env").write_text("\n".join(lines) + "\n")


def gradescope(tmp_path: Path, variables: Mapping[str, str], submission: Path) -> dict[str, Any]:
    for name in ("source", "submission", "results"):
        (tmp_path / name).mkdir()
    config(tmp_path / "source", variables)
    if submission.is_file():
        shutil.copy(submission, tmp_path / "submission" / "my_layers.py")
    metadata = {
        "id": 1,
        "created_at": "2030-01-01T00:00:00.000000-03:00",
        "users": [{"email": "eva@example.org", "id": 7, "name": "Eva"}],
        "previous_submissions": [
            {"submission_time": "2030-01-01T00:00:00Z", "score": 4.0, "autograder_error": False},
            {"submission_time": "2030-01-02T00:00:00Z", "score": 0.0, "autograder_error": True},
        ],
    }
    (tmp_path / "submission_metadata.json").write_text(json.dumps(metadata))
    environment = {**variables, "EDUNN_GRADESCOPE": str(tmp_path)}
    run([EXAMPLES / "gradescope" / "run_autograder"], tmp_path, environment)
    found: dict[str, Any] = json.loads((tmp_path / "results" / "results.json").read_text())
    return found


def test_gradescope(tmp_path: Path, variables: dict[str, str], as_: As) -> None:
    results = gradescope(tmp_path, variables, WRONG)
    first, second = results["tests"]
    assert results["score"] == pytest.approx(sum(each["score"] for each in results["tests"]))
    assert (first["status"], first["max_score"], first["visibility"]) == ("failed", 3, "visible")
    assert second["output"].endswith("until half passes.")
    attempt_id = results["extra_data"]["attempt_id"]
    assert as_("teacher").get_report(attempt_id).student == "eva@example.org"
    replayed = run(["edunn", "grading", "replay", attempt_id], tmp_path, variables)
    assert "eva@example.org, attempt 1" in replayed and first["name"] in replayed
    source = run(["edunn", "grading", "replay", attempt_id, "--source"], tmp_path, variables)
    assert source == WRONG.read_text()


def test_gradescope_with_the_service_away_keeps_the_last_good_score(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    results = gradescope(tmp_path, away(variables), RIGHT)
    assert results["score"] == 4.0
    (test,) = results["tests"]
    assert test["status"] == "failed" and "score" not in test
    assert "could not be reached" in test["output"]


def test_gradescope_without_the_file_says_so(tmp_path: Path, variables: dict[str, str]) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    results = gradescope(tmp_path, variables, empty)
    (test,) = results["tests"]
    assert test["output"] == "Nothing was graded: there is no file my_layers.py."


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("'unclosed", "--run cannot be read: No closing quotation"),
        (" ", "--run names no program"),
        ("/nowhere/program", "/nowhere/program cannot be run: No such file or directory"),
    ],
)
def test_a_program_that_cannot_be_started_costs_no_attempt(
    variables: dict[str, str], as_: As, program: str, says: str
) -> None:
    begun = len(as_("teacher").list_attempts("dropout-1"))
    done = subprocess.run(
        ["edunn", "check", "dropout-1", "--run", program], env=variables, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (1, f"edunn: {says}")
    assert len(as_("teacher").list_attempts("dropout-1")) == begun


def test_classroom50(tmp_path: Path, variables: dict[str, str]) -> None:
    shutil.copy(RIGHT, tmp_path / "my_layers.py")
    given = {
        "CLASSROOM": "nn", "ASSIGNMENT": "dropout-1", "USERNAME": "eva", "COMMIT_URL": "c",
        "RELEASE_URL": "r", "SUBMISSION_TAG": "submit/2030-01-01T00-00-00Z-abc",
    }  # fmt: skip
    script = EXAMPLES / "classroom50" / "autograder.py"
    run([script], tmp_path, {**variables, **given})
    result = json.loads((tmp_path / "result.json").read_text())
    # What its schema asks for: every one of these, none other, and no empty text.
    assert set(result) == {
        "schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit",
        "release", "review", "datetime", "score", "max-score", "tests",
    }  # fmt: skip
    assert all(each or each == 0 for each in result.values())
    assert (result["schema"], result["classroom"], result["review"]) == (
        "classroom50/result/v1", "nn", "c",
    )  # fmt: skip
    assert (result["assignment_type"], result["owner"]) == ("individual", "eva")
    assert (result["score"], result["max-score"]) == (5, 5)
    assert all(type(test["score"]) is int and test["passed"] for test in result["tests"])
    # A service that is away is a failure of the infrastructure; a missing file is the student's.
    for place, code in ((away(variables), 2), (variables, 0)):
        done = subprocess.run([script], cwd=tmp_path, env={**place, **given}, check=False)
        assert done.returncode == code
        (tmp_path / "my_layers.py").unlink(missing_ok=True)
    assert json.loads((tmp_path / "result.json").read_text())["score"] == 0


@pytest.mark.parametrize("there", [True, False])
def test_prairielearn(tmp_path: Path, variables: dict[str, str], there: bool) -> None:
    shutil.copytree(EXAMPLES / "prairielearn" / "question" / "tests", tmp_path / "tests")
    config(tmp_path / "tests", variables if there else away(variables))
    for name in ("student", "data"):
        (tmp_path / name).mkdir()
    shutil.copy(RIGHT, tmp_path / "student" / "my_layers.py")
    (tmp_path / "data" / "data.json").write_text('{"variant_seed": 123}')
    run(
        [tmp_path / "tests" / "grade.sh"], tmp_path,
        {**variables, "EDUNN_PRAIRIELEARN": str(tmp_path)},
    )  # fmt: skip
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    if there:
        assert results["gradable"] and results["score"] == 1.0
        assert all(test["points"] == test["max_points"] > 0 for test in results["tests"])
    else:
        assert not results["gradable"] and results["format_errors"]


def test_check50(tmp_path: Path, variables: dict[str, str]) -> None:
    shutil.copy(WRONG, tmp_path / "my_layers.py")
    text = run([EXAMPLES / "check50" / "check.sh"], tmp_path, variables)
    half, fifth = json.loads(text)["results"]
    assert half["passed"] is False and half["cause"]["rationale"]
    assert fifth["passed"] is None and fifth["dependency"] == "half"


def test_junit_as_gitlab_runs_it(tmp_path: Path, variables: dict[str, str]) -> None:
    shutil.copy(WRONG, tmp_path / "my_layers.py")
    job = yaml.safe_load((EXAMPLES / "gitlab" / ".gitlab-ci.yml").read_text())["grade"]
    run(["sh", "-c", job["script"][0]], tmp_path, variables)
    suite = ET.fromstring((tmp_path / job["artifacts"]["reports"]["junit"]).read_text())  # noqa: S314
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "1", "1")
    run(["sh", "-c", job["script"][0]], tmp_path, away(variables))
    assert '<error message="The grading service' in (tmp_path / "junit.xml").read_text()


def test_nbgrader_notebook_ends_in_a_plain_number(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EDUNN_TARGET", "EDUNN_TOKEN"):
        monkeypatch.setenv(name, variables[name])
    notebook = nbformat.read(EXAMPLES / "nbgrader" / "dropout.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = notebook.cells[-1].outputs
    assert [each for each in outputs if each.get("name") == "stderr"] == []
    (result,) = [each for each in outputs if each.output_type == "execute_result"]
    assert result.data["text/plain"] == "5.0"


def test_otter_file_has_a_case_for_each_check(tmp_path: Path, variables: dict[str, str]) -> None:
    run([EXAMPLES / "otter" / "make_tests.sh"], tmp_path, variables)
    text = (tmp_path / "tests" / "dropout-1.py").read_text()
    cases = [each for each in ast.parse(text).body if isinstance(each, ast.FunctionDef)]
    assert len(cases) == 2
    assert "OK_FORMAT = False" in text

    # A stand-in for Otter's decorator, which only keeps its arguments.
    shim = tmp_path / "otter"
    shim.mkdir()
    (shim / "__init__.py").write_text("")
    (shim / "test_files.py").write_text(
        "cases = []\n"
        "def test_case(**about):\n"
        "    return lambda function: cases.append((about, function)) or function\n"
    )
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "exec(open('tests/dropout-1.py').read())\n"
        "from otter.test_files import cases\n"
        "env = {}; exec(open(sys.argv[1]).read(), env)\n"
        "for about, function in cases:\n"
        "    try: function(env); print(about['name'], 'passed')\n"
        "    except AssertionError as error: print(about['name'], 'failed', error)\n"
    )
    python: list[str | Path] = [sys.executable, "-c", program]
    assert run([*python, RIGHT], tmp_path, variables).split() == [
        "half", "passed", "fifth", "passed",
    ]  # fmt: skip
    assert "half failed" in run([*python, WRONG], tmp_path, variables)


def test_grades_as_a_spreadsheet_and_as_a_page(tmp_path: Path, variables: dict[str, str]) -> None:
    for name, file in (("ana", RIGHT), ("ben", WRONG)):
        subprocess.run(
            ["edunn", "check", "dropout-1", file],
            env={**variables, "EDUNN_TOKEN": f"token-of-{name}"},
            cwd=tmp_path, check=False, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    run([EXAMPLES / "spreadsheet" / "export.sh"], tmp_path, variables)
    table = (tmp_path / "grades.csv").read_text().splitlines()
    rows = {row["student_id"]: row for row in csv.DictReader(table)}
    assert list(rows["ana"]) == [
        "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
        "raw_score", "late_submission_penalty", "score", "max_score",
    ]  # fmt: skip
    assert float(rows["ana"]["score"]) == 5.0 > float(rows["ben"]["score"])
    assert "ben" in (tmp_path / "report.html").read_text()
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        # CI installs it.
        assert not os.environ.get("CI"), "there is no Chromium: apt-get install chromium"
        pytest.skip("there is no Chromium: on Debian, apt-get install chromium")
    with tempfile.TemporaryDirectory() as profile:
        seen = run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000",
             f"--user-data-dir={profile}", "--dump-dom", f"file://{tmp_path}/report.html"],
            tmp_path, variables,
        )  # fmt: skip
    assert seen.count('<details class="student">') >= 2
    assert '<table id="mistakes">' in seen and "<code>" in seen


@pytest.mark.parametrize(
    ("program", "build"),
    [
        ("node {javascript}/dropout.js", None),
        ("{folder}/dropout", ["cc", "-O2", "-Wall", "-Werror", "-o", "{folder}/dropout",
                              "{c}/dropout.c"]),
    ],
    ids=["javascript", "c"],
)  # fmt: skip
def test_programs_in_other_languages_pass(
    tmp_path: Path, variables: dict[str, str], program: str, build: list[str] | None
) -> None:
    places = {
        "folder": tmp_path, "c": EXAMPLES / "c", "javascript": EXAMPLES / "javascript",
    }  # fmt: skip
    needed = (build or [program])[0].split()[0]
    if shutil.which(needed) is None:
        pytest.skip(f"there is no {needed}")
    if build:
        run([part.format(**places) for part in build], tmp_path, variables)
    text = run(
        ["edunn", "check", "dropout-1", "--run", program.format(**places), "--json"],
        tmp_path, variables,
    )  # fmt: skip
    report = json.loads(text)
    assert [each["verdict"] for each in report["checks"]] == ["passed", "passed"], report


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("true", "ended with exit code 0"),
        ("sleep 60", "took longer than 1"),
        ("yes", "no JSON object"),
        ("cat", "expected an object with"),
        ("no-such-program", "cannot be run"),
    ],
)
def test_a_program_that_does_not_answer_fails_and_is_told_why(
    tmp_path: Path, variables: dict[str, str], program: str, words: str
) -> None:
    done = subprocess.run(
        ["edunn", "check", "dropout-1", "--run", program, "--seconds", "1", "--json"],
        cwd=tmp_path, env=variables, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    if program == "no-such-program":
        assert words in done.stderr
    else:
        (first, _) = json.loads(done.stdout)["checks"]
        assert first["verdict"] == "failed"
