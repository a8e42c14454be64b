"""Index companies by lower name.

Lists of companies come in pages ordered by name in lower case and id, and a company is found by its
name in any case. Built concurrently, while other transactions read and write companies.

Revision ID: 038
Revises: 037
Create Date: 2026-11-27 05:17:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "038"
down_revision: str | Sequence[str] | None = "037"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Build the index."""
    op.create_index_online(
        "ix_companies_lower_name_id",
        "companies",
        [sa.literal_column("lower(name)"), "id"],
        unique=False,
    )


def downgrade() -> None:
    """Drop the index."""
    op.drop_index_online("ix_companies_lower_name_id", table_name="companies")
