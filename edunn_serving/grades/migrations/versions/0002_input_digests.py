"""Attempts have the digests of their inputs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.add_column("attempts", sa.Column("input_digests", sa.LargeBinary(), nullable=True))
