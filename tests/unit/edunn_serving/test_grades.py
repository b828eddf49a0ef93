"""The database of grades: its migrations, and what becomes of its errors."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from edunn_serving.errors import Reason, ServiceError
from edunn_serving.grades import Course, Database, Secret
from edunn_serving.grades import database as module
from edunn_serving.grades.tables import Base


def url(path: Path) -> str:
    return f"sqlite:///{path / 'grades.sqlite3'}"


def refusal(database: Database) -> ServiceError:
    with pytest.raises(ServiceError) as caught, database.write() as session:
        session.add(Course(name="x" * 100, owner=""))
    return caught.value


def test_the_migrations_make_the_tables_that_the_program_has(tmp_path: Path) -> None:
    Database(url(tmp_path)).migrate()
    with sa.create_engine(url(tmp_path)).begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_programs_that_start_together_migrate_once_and_have_one_secret(tmp_path: Path) -> None:
    databases = [Database(url(tmp_path)) for _ in range(8)]
    threads = [threading.Thread(target=each.migrate) for each in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with databases[0].read() as session:
        names = session.scalars(sa.select(Secret.name)).all()
    assert len(names) == 2


def test_what_is_written_is_there_after_the_next_start(tmp_path: Path) -> None:
    with Database(url(tmp_path)).write() as session:
        session.add(Course(name="c", owner="o"))
    with Database(url(tmp_path)).read() as session:
        assert session.get_one(Course, "c").owner == "o"


def test_an_error_undoes_what_the_block_has_written(tmp_path: Path) -> None:
    database = Database(url(tmp_path))
    with pytest.raises(ZeroDivisionError), database.write() as session:
        session.add(Course(name="c", owner="o"))
        session.flush()
        raise ZeroDivisionError
    with database.read() as session:
        assert session.get(Course, "c") is None


def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    Database(url(tmp_path)).migrate()
    with sqlite3.connect(tmp_path / "grades.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    error = refusal(Database(url(tmp_path)))
    assert error.reason is Reason.DATABASE_NEWER
    assert "9999" in error.message


def test_a_locked_database_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.05)
    database = Database(url(tmp_path))
    database.migrate()
    other = sqlite3.connect(tmp_path / "grades.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert refusal(database).reason is Reason.UNAVAILABLE
    other.execute("ROLLBACK")
    other.close()
    with database.write() as session:
        session.add(Course(name="c", owner=""))


def test_a_full_database_is_quota_and_can_still_be_read(tmp_path: Path) -> None:
    database = Database(url(tmp_path))
    with database.write() as session:
        session.add(Course(name="c", owner=""))
    with pytest.raises(ServiceError) as caught, database.write() as session:
        pages = session.execute(sa.text("PRAGMA page_count")).scalar_one()
        session.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
        session.add(Course(name="d", owner="x"))
        session.add(Secret(name="large", value=bytes(10**6), made_ms=0))
    assert caught.value.reason is Reason.QUOTA
    with database.read() as session:
        assert session.get(Course, "c") is not None
        assert session.get(Course, "d") is None


@pytest.mark.parametrize("content", [b"no database" * 1000, None])
def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "grades.sqlite3"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    assert refusal(Database(url(tmp_path))).reason is Reason.UNAVAILABLE


def test_a_server_that_is_away_is_unavailable() -> None:
    database = Database("postgresql://edunn@127.0.0.1:1/edunn")
    assert refusal(database).reason is Reason.UNAVAILABLE
