"""Brings the database to this program's version by Alembic. Only one process does it at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from edunn_serving.grades.faults import NewerDatabaseError
from edunn_serving.grades.secrets import make_secrets

# Any number, as long as it is the same everywhere.
ADVISORY_LOCK = 0x6564756E6E


def migrate(engine: sa.Engine) -> None:
    """Run the migrations that the database lacks.

    Raises
    ------
    NewerDatabaseError
        The database has migrations that this program does not know.
    """
    config = Config()
    config.set_main_option("script_location", "edunn_serving.grades:migrations")
    known = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        present = MigrationContext.configure(connection).get_current_revision()
        if present == known.get_current_head():
            make_secrets(connection)
            return
        if present is not None and present not in {each.revision for each in _all(known)}:
            raise NewerDatabaseError(
                f"the database of grades is of version {present}, newer than this program: "
                "use a program of that version"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        make_secrets(connection)


def _all(known: ScriptDirectory) -> list[Script]:
    return list(known.walk_revisions())
