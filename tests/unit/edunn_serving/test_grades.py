"""The database of grades: its migrations, and what becomes of its errors."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.orm import Session

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


def move(path: Path, to: Path) -> None:
    for end in ("", "-wal", "-shm"):
        if Path(f"{path}{end}").exists():
            Path(f"{path}{end}").rename(f"{to}{end}")


def test_a_file_that_is_gone_is_unavailable_and_its_return_is_seen(tmp_path: Path) -> None:
    database, file, away = Database(url(tmp_path)), tmp_path / "grades.sqlite3", tmp_path / "away"
    with database.write() as session:
        session.add(Course(name="c", owner=""))
    move(file, away)
    # Neither the deleted file nor an empty new one takes what nobody would find again.
    assert refusal(database).reason is Reason.UNAVAILABLE
    assert not file.exists()
    move(away, file)
    with database.read() as session:
        assert session.get(Course, "c") is not None


def test_another_file_in_its_place_is_brought_to_this_version(tmp_path: Path) -> None:
    database, file = Database(url(tmp_path)), tmp_path / "grades.sqlite3"
    with database.write() as session:
        session.add(Course(name="c", owner=""))
    move(file, tmp_path / "away")
    file.touch()
    with database.write() as session:
        assert session.get(Course, "c") is None
        session.add(Course(name="d", owner=""))
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT name FROM courses").fetchall() == [("d",)]
    connection.close()


def test_a_damaged_file_that_is_mended_is_read_without_a_restart(tmp_path: Path) -> None:
    database, file = Database(url(tmp_path)), tmp_path / "grades.sqlite3"
    with database.write() as session:
        session.add(Course(name="c", owner=""))
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = file.read_bytes()

    def overwrite(data: bytes) -> None:
        with file.open("r+b") as opened:
            opened.write(data)

    overwrite(content[:4096] + b"x" * (len(content) - 4096))
    assert "damaged" in refusal(database).message
    overwrite(content)
    with database.read() as session:
        assert session.get(Course, "c") is not None


def test_tables_that_are_gone_are_unavailable_until_they_are_made_again(tmp_path: Path) -> None:
    database = Database(url(tmp_path))
    database.migrate()
    other = Database(url(tmp_path))
    with other.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(sa.text(f"DROP TABLE {table.name}"))
        session.execute(sa.text("DROP TABLE alembic_version"))
    assert refusal(database).reason is Reason.UNAVAILABLE
    with database.write() as session:
        session.add(Course(name="c", owner=""))


def test_a_change_whose_row_another_one_has_just_written_runs_again(tmp_path: Path) -> None:
    database = Database(url(tmp_path))
    with database.write() as session:
        session.add(Course(name="c", owner="first"))
    runs: list[bool] = []

    def make(session: Session) -> str:
        runs.append(True)
        # As in PostgreSQL, where the other one's row was not there yet.
        found = session.get(Course, "c") if len(runs) > 1 else None
        if found is None:
            session.add(Course(name="c", owner="second"))
            session.flush()
            return "second"
        return found.owner

    assert database.change(make) == "first"


def test_a_server_that_is_away_is_unavailable() -> None:
    database = Database("postgresql://edunn@127.0.0.1:1/edunn")
    assert refusal(database).reason is Reason.UNAVAILABLE
