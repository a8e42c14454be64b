<%!
    from textwrap import fill

    BLANK = """Say here what this revision changes and why, and what it locks.
New code may run on the old schema and old code on the new one: keep both working, and put
changes of schema and changes of data in separate revisions."""

    def told(text):
        """Return each sentence's line as a paragraph of a docstring."""
        return "\n".join(fill(line, 98, break_long_words=False) for line in text.splitlines())

    def without_marks(code):
        """Leave out the comments with which Alembic marks what it wrote."""
        lines = (line for line in code.splitlines() if not line.strip().startswith("# ###"))
        return "\n".join(lines).strip()
%>\
<% described = config.attributes.get("descriptions", {}).get(up_revision) %>\
"""${message}.

${told(described) if described else BLANK}

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
    ${without_marks(upgrades) if upgrades and "op." in upgrades else "pass"}


def downgrade() -> None:
    """Take the change back."""
    ${without_marks(downgrades) if downgrades and "op." in downgrades else "pass"}
