"""Add updated_at to companies and documents.

When a row was last changed, kept by the database, whoever changes it. The column is empty in the
rows that are there until 004 and 005 fill it; new rows have it at once. Locks each table for a
moment: ACCESS EXCLUSIVE, nothing is read or written anew.

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

TABLES = ("companies", "documents")

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
CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table}
   FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at()
"""


def upgrade() -> None:
    """Add the columns, with a default for new rows, and what keeps them true."""
    op.execute(FUNCTION)
    for table in TABLES:
        op.add_column(table, sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
        op.alter_column(table, "updated_at", server_default=sa.func.now())
        op.execute(TRIGGER.format(table=table))


def downgrade() -> None:
    """Drop the columns, with when each row was last changed."""
    for table in reversed(TABLES):
        op.execute(f"DROP TRIGGER set_updated_at ON {table}")
        op.drop_column(table, "updated_at")
    op.execute("DROP FUNCTION set_updated_at()")
