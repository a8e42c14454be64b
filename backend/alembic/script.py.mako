"""${message}.

Say here what this revision changes and why, and what it locks.
New code may run on the old schema and old code on the new one: keep both working, and put
changes of schema and changes of data in separate revisions.

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision: str = ${repr(up_revision)}
down_revision: str | Sequence[str] | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade() -> None:
    """Apply the change."""
    ${upgrades if upgrades and "op." in upgrades else "pass"}


def downgrade() -> None:
    """Take the change back."""
    ${downgrades if downgrades and "op." in downgrades else "pass"}
