"""Add updated_at to companies.

When a row was last changed, kept by the database, whoever changes it. The column is empty in the
rows that are there until 005 fills it; new rows have it at once. Locks companies for a moment:
ACCESS EXCLUSIVE, nothing is read or written anew.

A change counts if it changes anything. Only who fills an empty updated_at may say what it is.

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
    """Add the column, with a default for new rows, and what keeps it true."""
    op.execute(FUNCTION)
    op.add_column("companies", sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("companies", "updated_at", server_default=sa.func.now())
    op.execute(TRIGGER)


def downgrade() -> None:
    """Drop the column, with when each company was last changed."""
    op.execute("DROP TRIGGER set_updated_at ON companies")
    op.drop_column("companies", "updated_at")
    op.execute("DROP FUNCTION set_updated_at()")
