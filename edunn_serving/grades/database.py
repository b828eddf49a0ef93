"""Opens the database of grades, brings it to this version, and gives sessions of it."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from edunn_serving.errors import unavailable
from edunn_serving.grades.faults import is_locked, service_error
from edunn_serving.grades.migrating import migrate

log = logging.getLogger(__name__)

# How long a transaction waits for another one.
LOCK_SECONDS = 5
# How long a migration waits for that of another process.
MIGRATION_SECONDS = 60
# A writer that waits for another one looks this often whether it has ended.
LOOK_SECONDS = 0.002
# How long a statement may take, and how long a silent database is waited for.
ANSWER_SECONDS = 10
CONNECTIONS = 10

# The device and the number of a file.
_Identity = tuple[int, int]
Value = TypeVar("Value")


class Database:
    """The database. Its methods block, so a server calls them in threads of its own.

    Raises
    ------
    ServiceError
        From every block: UNAVAILABLE if the database is away or locked, QUOTA if it is full,
        DATABASE_NEWER if it is of a newer version than this program.
    """

    def __init__(self, url: str) -> None:
        self._url = _with_driver(make_url(url))
        self._engine = _make_engine(self._url)
        self._writer = self._engine.execution_options(is_writer=True)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        # The database that has been brought to this version; None if it has to be looked at.
        self._migrated: _Identity | None = None
        self._was_there = False

    @property
    def is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @property
    def is_made(self) -> bool:
        """Whether there is a database to look at. A SQLite file comes to be with its first use."""
        return self._identity() is not None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one state of the database and changes nothing."""
        with service_error(self._start_anew):
            self._ensure_migrated()
            with Session(self._engine) as session:
                yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session whose changes are durable after the block, or undone if it raises."""
        with service_error(self._start_anew):
            self._ensure_migrated()
            with (
                self._turn_to_write(),
                Session(self._writer, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session

    def change(self, function: Callable[[Session], Value]) -> Value:
        """Return what a function returns, given a session as `write` gives it.

        If another one has just written a row of the same key, it runs once more and finds it.
        """
        try:
            with self.write() as session:
                return function(session)
        except IntegrityError:
            with self.write() as session:
                return function(session)

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Let one thread of this process write to SQLite at a time.

        Threads that wait here are woken at once, and only one looks for other processes.
        """
        if not self.is_sqlite:
            yield
            return
        if not self._writing.acquire(timeout=LOCK_SECONDS):
            raise unavailable("the database of grades is locked")
        try:
            yield
        finally:
            self._writing.release()

    def migrate(self) -> None:
        """Bring the database to the version of this program."""
        with service_error(self._start_anew):
            self._ensure_migrated()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _ensure_migrated(self) -> None:
        if self._is_migrated():
            return
        # Calls must not wait one after another for a database that is away.
        if not self._lock.acquire(timeout=LOCK_SECONDS):
            raise unavailable("the database of grades is away")
        try:
            if self._is_migrated():
                return
            if self.is_sqlite and self._url.database:
                Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
            self._engine.dispose()
            # Another process may be at it, for longer than any other transaction takes.
            migrate(self._writer.execution_options(lock_seconds=MIGRATION_SECONDS))
            self._migrated = self._identity()
            self._was_there = True
        finally:
            self._lock.release()

    def _is_migrated(self) -> bool:
        """Tell whether the database is the one that has been migrated.

        Raises
        ------
        ServiceError
            UNAVAILABLE: SQLite's file is gone. Connections would go on with the deleted one, and
            new ones would make an empty one.
        """
        present = self._identity()
        if present is None and self._was_there:
            log.warning("the database of grades is gone: %s", self._url.database)
            raise unavailable("the database of grades is away")
        return present is not None and present == self._migrated

    def _identity(self) -> _Identity | None:
        """Return what tells SQLite's file from another one in its place; None if it is gone."""
        if not self.is_sqlite:
            return (0, 0)
        try:
            found = Path(self._url.database or "").stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _start_anew(self) -> None:
        """Open new connections for what comes, and look at the database's version again."""
        self._migrated = None
        self._engine.dispose()


def lock_row(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Return a statement that locks the rows it finds. In SQLite a writer is alone anyway."""
    return statement.with_for_update()


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _make_engine(url: URL) -> sa.Engine:
    pool: dict[str, Any] = {
        "pool_size": CONNECTIONS,
        "max_overflow": 0,
        "pool_timeout": LOCK_SECONDS,
        # A connection may have died since its last use.
        "pool_pre_ping": True,
    }
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": LOCK_SECONDS}, **pool)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    ms = 1000
    timeouts = {
        "connect_timeout": LOCK_SECONDS,
        "options": f"-c statement_timeout={ANSWER_SECONDS * ms} -c lock_timeout={LOCK_SECONDS * ms}"
        " -c timezone=UTC",
        "keepalives_idle": ANSWER_SECONDS,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": ANSWER_SECONDS * ms,
        "application_name": "edunn-serving",
    }
    return sa.create_engine(url, connect_args=timeouts, **pool)


def _prepare_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    # The driver begins no transaction by itself: `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Readers and the writer do not wait for each other.
    cursor.execute("PRAGMA journal_mode=WAL")
    # What is committed survives a loss of power.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("is_writer", False):
        _begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: sa.Connection) -> None:
    """Begin as a writer: a transaction that reads first would fail if another one has written.

    SQLite's own waiting sleeps up to 100 ms at a time, so that a process that writes again and
    again would leave another one no turn.
    """
    # SQLAlchemy would end its own transaction with the first refusal, so the driver is asked.
    driver: Any = connection.connection.dbapi_connection
    seconds = connection.get_execution_options().get("lock_seconds", LOCK_SECONDS)
    until = time.monotonic() + seconds
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < until:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not is_locked(error):
                    break
            time.sleep(LOOK_SECONDS)
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")
