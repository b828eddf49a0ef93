"""Turns errors of the database into errors in the caller's terms."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from edunn_serving.errors import Reason, ServiceError, unavailable

log = logging.getLogger(__name__)

FULL = {sqlite3.SQLITE_FULL}
# Errors of a database that may be well again later.
AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
}
PRIMARY_CODE = 0xFF


class NewerDatabaseError(Exception):
    """The database has been brought to a version that this program does not know."""


@contextmanager
def service_error() -> Iterator[None]:
    """Raise the database's errors as ServiceErrors."""
    try:
        yield
    except NewerDatabaseError as error:
        raise ServiceError(Reason.DATABASE_NEWER, str(error)) from error
    except PoolTimeoutError as error:
        raise unavailable("the database of grades is busy") from error
    except DBAPIError as error:
        raise _translated(error) from error
    except (CommandError, OSError) as error:
        log.warning("the database of grades cannot be opened: %s", error)
        raise unavailable("the database of grades is away") from error


def is_locked(error: sqlite3.Error) -> bool:
    """Tell whether another process writes to SQLite."""
    return _primary_code(error) == sqlite3.SQLITE_BUSY


def _primary_code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & PRIMARY_CODE


def _translated(error: DBAPIError) -> Exception:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        code = _primary_code(cause)
        full, away = code in FULL, code in AWAY
    else:
        full = isinstance(cause, psycopg.errors.DiskFull)
        # Integrity and programming errors are ours. Any other has its cause in the database.
        away = isinstance(cause, psycopg.OperationalError | psycopg.InternalError)
    if full:
        return ServiceError(
            Reason.QUOTA, "the database of grades is full: try again later", retry_after=30.0
        )
    if away or error.connection_invalidated:
        log.warning("the database of grades: %s", cause)
        return unavailable("the database of grades is away or locked")
    return error
