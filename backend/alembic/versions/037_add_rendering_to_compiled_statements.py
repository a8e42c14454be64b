"""Add a rendering to compiled statements.

The JSON of the ten newest years, which most requests ask for, is made when a statement is compiled,
and kept in gzip beside the data. `rendering_key` names the digest and the rules that it was made
by: one of another digest is never used. NULL in existing rows, which are rendered at each request
until they are compiled again. Takes ACCESS EXCLUSIVE on compiled_statements briefly, without a scan
or a rewrite.

Revision ID: 037
Revises: 036
Create Date: 2026-11-27 03:55:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "037"
down_revision: str | Sequence[str] | None = "036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("compiled_statements", sa.Column("rendering", sa.LargeBinary()))
    op.add_column("compiled_statements", sa.Column("rendering_key", sa.Text()))


def downgrade() -> None:
    """Drop the columns; what they hold is made again from the data."""
    op.drop_column("compiled_statements", "rendering_key")
    op.drop_column("compiled_statements", "rendering")
