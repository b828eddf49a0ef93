"""Turns errors of the database into errors in the caller's terms."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

import psycopg
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from edunn_serving.errors import Reason, ServiceError, unavailable

log = logging.getLogger(__name__)

# Errors of SQLite that may be well again later. Those of another kind are ours.
LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
AWAY = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}
PRIMARY_CODE = 0xFF
# SQLite has no code of its own for a table that is not there.
OTHER_TABLES = ("no such table", "no such column")


class NewerDatabaseError(Exception):
    """The database has been brought to a version that this program does not know."""


class _Fault(Enum):
    """What is wrong with the database, as the caller is told."""

    FULL = "is full: try again later"
    LOCKED = "is away or locked"
    AWAY = "is away"
    DAMAGED = "is damaged"
    # It has been emptied, or an older one is in its place.
    OTHER_TABLES = "lacks its tables"
    REFUSED = "refuses its user"

    def error(self) -> ServiceError:
        text = f"the database of grades {self.value}"
        if self is _Fault.FULL:
            return ServiceError(Reason.QUOTA, text, retry_after=30.0)
        return unavailable(text)


# After these, what is known of the database and what connections hold of it is worth nothing.
_CHANGED = {_Fault.AWAY, _Fault.DAMAGED, _Fault.OTHER_TABLES}


@contextmanager
def service_error(when_changed: Callable[[], None]) -> Iterator[None]:
    """Raise the database's errors as ServiceErrors.

    `when_changed` is called if the database may be another one from now on.
    """
    try:
        yield
    except NewerDatabaseError as error:
        raise ServiceError(Reason.DATABASE_NEWER, str(error)) from error
    except PoolTimeoutError as error:
        raise unavailable("the database of grades is busy") from error
    except DBAPIError as error:
        fault = _fault_of(error)
        if fault is None:
            raise
        log.warning("the database of grades: %s", error.orig)
        if fault in _CHANGED:
            when_changed()
        raise fault.error() from error
    except (CommandError, OSError) as error:
        log.warning("the database of grades cannot be opened: %s", error)
        raise unavailable("the database of grades is away") from error


def is_locked(error: sqlite3.Error) -> bool:
    """Tell whether another process writes to SQLite."""
    return _primary_code(error) == sqlite3.SQLITE_BUSY


def _primary_code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & PRIMARY_CODE


def _fault_of(error: DBAPIError) -> _Fault | None:
    cause = error.orig
    fault = _of_sqlite(cause) if isinstance(cause, sqlite3.Error) else _of_postgresql(cause)
    return _Fault.AWAY if fault is None and error.connection_invalidated else fault


def _of_sqlite(cause: sqlite3.Error) -> _Fault | None:
    code = _primary_code(cause)
    if code == sqlite3.SQLITE_FULL:
        return _Fault.FULL
    if code in LOCKED:
        return _Fault.LOCKED
    if code in DAMAGED:
        return _Fault.DAMAGED
    if code in AWAY:
        return _Fault.AWAY
    return _Fault.OTHER_TABLES if str(cause).startswith(OTHER_TABLES) else None


def _of_postgresql(cause: BaseException | None) -> _Fault | None:
    match cause:
        case psycopg.errors.DiskFull():
            return _Fault.FULL
        case psycopg.errors.UndefinedTable() | psycopg.errors.UndefinedColumn():
            return _Fault.OTHER_TABLES
        case psycopg.errors.InsufficientPrivilege():
            return _Fault.REFUSED
        case psycopg.OperationalError() | psycopg.InternalError():
            return _Fault.LOCKED
    # Integrity and other programming errors are ours.
    return None
