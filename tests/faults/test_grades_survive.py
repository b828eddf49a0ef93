"""Accepted answers survive the death of every process, of Redis, and of the database's server."""

from __future__ import annotations

import os
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from edunn_client import Client, EdunnError, NotFoundError, RetryPolicy, UnavailableError
from edunn_client.grading import Grading, Report, answer_attempt
from postgres import Postgres, find_binaries
from processes import await_restart, frozen, kill
from waiting import await_true

import edunn as nn
from edunn_serving.pools import GRADING
from standalone.stack import Stack

DOCUMENT = """
course: nn101
assignment: dropout-1
checks:
  - {id: dropout, layer: Dropout, config: {p: 0.5}}
"""
CLASSES = {"Dropout": nn.Dropout}


def hasty(stack: Stack) -> Client:
    """Return a client that does not wait for what is away."""
    return Client(stack.address, timeout=3.0, retry=RetryPolicy(attempts=1))


def single(stack: Stack) -> Client:
    """Return a client that takes the first answer, however long that takes."""
    return Client(stack.address, retry=RetryPolicy(attempts=1))


def report_of(grading: Grading, attempt_id: str) -> Report:
    found: list[Report] = []

    def is_there() -> bool:
        try:
            found.append(grading.get_report(attempt_id))
        except EdunnError:
            return False
        return True

    await_true(is_there, "the report", seconds=60)
    return found[0]


def test_accepted_answers_survive_the_death_of_every_process(tmp_path: Path) -> None:
    with Stack(tmp_path, workers=1, others={GRADING: 1}) as stack:
        (judge,) = stack.other_workers
        with Client(stack.address) as client, hasty(stack) as impatient, single(stack) as once:
            grading = Grading(client)
            grading.put_assignment(DOCUMENT)
            attempt = grading.start_attempt("dropout-1")
            answers = answer_attempt(attempt, CLASSES.get)
            with frozen(judge):
                with pytest.raises(EdunnError):
                    Grading(impatient).submit_answers(attempt.attempt_id, answers)
                with pytest.raises(UnavailableError, match="kept"):
                    Grading(once).get_report(attempt.attempt_id)
                kill(judge)
        starts = [(child, child.starts) for child in stack._children()]
        stack.pause_supervision()
        for child, _ in starts:
            kill(child)
        # Redis loses all that it holds.
        for path in tmp_path.glob("appendonlydir*"):
            for file in path.iterdir():
                file.unlink()
        stack.resume_supervision()
        for child, count in starts:
            await_restart(child, count)
        stack.await_serving(stack.address)
        with Client(stack.address) as client:
            grading = Grading(client)
            report = report_of(grading, attempt.attempt_id)
            assert report.passed
            assert grading.submit_answers(attempt.attempt_id, answers) == report
            assert len(list(grading.list_reports("dropout-1"))) == 1


def test_without_a_worker_nothing_begins_and_no_attempt_is_used_up(tmp_path: Path) -> None:
    with Stack(tmp_path, workers=1, others={GRADING: 1}) as stack, Client(stack.address) as client:
        grading = Grading(client)
        limited = DOCUMENT.replace("checks:", "attempts: {limit: 1}\nchecks:")
        grading.put_assignment(limited)
        (judge,) = stack.other_workers
        with frozen(judge), hasty(stack) as impatient, pytest.raises(EdunnError):
            Grading(impatient).start_attempt("dropout-1")
        assert grading.start_attempt("dropout-1").attempts_left == 0


def test_a_lost_task_of_drawing_is_found_while_its_student_waits(tmp_path: Path) -> None:
    with (
        Stack(tmp_path, workers=1, others={GRADING: 1}) as stack,
        Client(stack.address, timeout=120.0) as client,
    ):
        grading = Grading(client)
        grading.put_assignment(DOCUMENT)
        (judge,) = stack.other_workers
        with ThreadPoolExecutor(1) as threads:
            with frozen(judge):
                started = threads.submit(grading.start_attempt, "dropout-1")
                queued = stack.redis_client()

                def is_lost() -> bool:
                    # Celery has a list for each priority.
                    names = list(queued.scan_iter(f"{GRADING.queue}*", _type="list"))
                    return bool(names and queued.delete(*names))

                await_true(is_lost, "the task of drawing")
            assert started.result().attempt_id


def test_a_sqlite_file_that_cannot_grow_or_is_gone_loses_nothing(tmp_path: Path) -> None:
    with (
        Stack(tmp_path, workers=1, others={GRADING: 1}) as stack,
        Client(stack.address) as client,
        single(stack) as tried_once,
    ):
        grading, once = Grading(client), Grading(tried_once)
        grading.put_assignment(DOCUMENT)
        attempts = [grading.start_attempt("dropout-1") for _ in range(2)]
        answers = [answer_attempt(each, CLASSES.get) for each in attempts]
        (server,) = stack.servers
        file = tmp_path / "grades.sqlite3"
        # As a full disk: nothing can be written behind a file's first byte.
        limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1, limits[1]))
        with pytest.raises(UnavailableError, match="database"):
            once.submit_answers(attempts[0].attempt_id, answers[0])
        with pytest.raises(NotFoundError):
            once.get_report(attempts[0].attempt_id)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits)
        first = grading.submit_answers(attempts[0].attempt_id, answers[0])
        assert first.passed
        files = [path for path in tmp_path.glob("grades.sqlite3*") if path.is_file()]
        for path in files:
            path.rename(tmp_path / f"away-{path.name}")
        with pytest.raises(UnavailableError, match="database"):
            once.submit_answers(attempts[1].attempt_id, answers[1])
        assert not file.exists()
        for path in files:
            (tmp_path / f"away-{path.name}").rename(path)
        assert grading.submit_answers(attempts[1].attempt_id, answers[1]).passed
        assert grading.get_report(attempts[0].attempt_id) == first
        assert server.starts == 1


@pytest.mark.skipif(find_binaries() is None, reason="there is no PostgreSQL")
def test_a_database_that_goes_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    binaries = find_binaries()
    assert binaries is not None
    with Postgres(binaries) as database:
        environment = {"EDUNN_DATABASE_URL": database.url}
        with (
            Stack(tmp_path, workers=1, others={GRADING: 1}, environment=environment) as stack,
            Client(stack.address) as client,
        ):
            grading = Grading(client)
            grading.put_assignment(DOCUMENT)
            attempt = grading.start_attempt("dropout-1")
            answers = answer_attempt(attempt, CLASSES.get)
            database.stop()
            with single(stack) as once, pytest.raises(UnavailableError):
                Grading(once).submit_answers(attempt.attempt_id, answers)
            # The rest of the service does not need the database.
            with client.session(seed=1) as session:
                session.layer("drop", "Dropout", p=0.5).forward([[1.0, 2.0]])
            database.start()
            # The client tries again until the database answers.
            assert grading.submit_answers(attempt.attempt_id, answers).passed
            assert stack.servers[0].starts == 1


@pytest.mark.skipif(find_binaries() is None, reason="there is no PostgreSQL")
def test_a_database_that_stands_still_holds_up_neither_layers_nor_the_server_s_stop(
    tmp_path: Path,
) -> None:
    binaries = find_binaries()
    assert binaries is not None
    with Postgres(binaries) as database:
        environment = {"EDUNN_DATABASE_URL": database.url}
        with (
            Stack(tmp_path, workers=1, others={GRADING: 1}, environment=environment) as stack,
            Client(stack.address) as client,
        ):
            Grading(client).put_assignment(DOCUMENT)
            with database.frozen():
                with hasty(stack) as impatient, pytest.raises(EdunnError):
                    Grading(impatient).start_attempt("dropout-1")
                with client.session(seed=1) as session:
                    session.layer("drop", "Dropout", p=0.5).forward([[1.0, 2.0]])
                (server,) = stack.servers
                stack.pause_supervision()
                os.kill(server.pid, signal.SIGTERM)
                await_true(server.has_died, "the server's end", seconds=20.0)
