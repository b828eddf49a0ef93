"""Attempts have the names that their callers gave to their starts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column, and let no student have a name twice at an assignment."""
    op.add_column("attempts", sa.Column("start_id", sa.String(length=128), nullable=True))
    op.create_index(
        "attempts_by_start",
        "attempts",
        ["course", "assignment", "student", "start_id"],
        unique=True,
    )
