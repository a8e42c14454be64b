"""Add updated_at to companies.

The time of a row's last change, maintained by a trigger, whichever client makes the change. The
column is NULL in existing rows until 005 fills it; new rows have it at once. Takes ACCESS EXCLUSIVE
on companies briefly, without a scan or a rewrite.

Only UPDATEs that change a value touch updated_at; a backfill may set it explicitly where it is
NULL.

Revision ID: 003
Revises: 002
Create Date: 2026-11-23 08:01:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "003"
down_revision: str | Sequence[str] | None = "002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTION = """
CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.updated_at IS NOT NULL OR NEW.updated_at IS NULL THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END
$$
"""

TRIGGER = """
CREATE TRIGGER set_updated_at BEFORE UPDATE ON companies
   FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at()
"""


def upgrade() -> None:
    """Add the column, its default for new rows and its trigger."""
    op.execute(FUNCTION)
    op.add_column("companies", sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("companies", "updated_at", server_default=sa.func.now())
    op.execute(TRIGGER)


def downgrade() -> None:
    """Drop the column with its values, the trigger and its function."""
    op.execute("DROP TRIGGER set_updated_at ON companies")
    op.drop_column("companies", "updated_at")
    op.execute("DROP FUNCTION set_updated_at()")
