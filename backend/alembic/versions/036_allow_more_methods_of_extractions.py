"""Allow more methods of extractions.

One for each kind of file. The new CHECK is validated while other transactions read and write
extractions, and the old one stays in force until then; takes ACCESS EXCLUSIVE briefly.

The previous release cannot hold the extractions of the new methods, and to name them `xbrl` or
`manual` would be wrong: the downgrade deletes them. The stored files stay, and reading them again
after an upgrade restores the extractions. It blocks reads and writes until all is done: with the
lock, no other session adds such a row in between.

Revision ID: 036
Revises: 035
Create Date: 2026-11-26 23:40:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "036"
down_revision: str | Sequence[str] | None = "035"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OLD = "method IN ('llm', 'xbrl', 'manual')"
NEW = "method IN ('ixbrl', 'xbrl', 'xbrl_json', 'companyfacts', 'pdf', 'llm', 'manual')"


def upgrade() -> None:
    """Replace the CHECK by one with more methods."""
    op.create_check_constraint_online(
        op.f("ck_extractions_method_known"), "extractions", NEW, replace=True
    )


def downgrade() -> None:
    """Replace the CHECK by the old one, and delete the extractions that violate it."""
    op.drop_constraint(op.f("ck_extractions_method_known"), "extractions", type_="check")
    op.create_check_constraint(
        op.f("ck_extractions_method_known"), "extractions", OLD, postgresql_not_valid=True
    )
    op.execute(f"DELETE FROM extractions WHERE NOT ({OLD})")
    op.execute("ALTER TABLE extractions VALIDATE CONSTRAINT ck_extractions_method_known")
