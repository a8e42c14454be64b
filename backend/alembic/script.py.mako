<%!
    from textwrap import fill

    BLANK = """Describe here the change, its reason and the locks that it takes.
The previous release may run on the new schema and the new release on the old one: keep both
working, and put schema changes and data changes in separate revisions."""

    def wrapped(text):
        """Return the text with each of its lines wrapped for a docstring."""
        return "\n".join(fill(line, 98, break_long_words=False) for line in text.splitlines())

    def without_markers(code):
        """Return the code without Alembic's `# ###` marker comments."""
        lines = (line for line in code.splitlines() if not line.strip().startswith("# ###"))
        return "\n".join(lines).strip()

    def used(imports, code):
        """Return the imports whose name the code contains; several revisions share them."""
        return "\n".join(each for each in imports.splitlines() if each.split()[-1] in code)
%>\
<%
    described = config.attributes.get("descriptions", {}).get(up_revision)
    code = f"{upgrades or ''}\n{downgrades or ''}"
    is_blank = "op." not in code
%>\
"""${message}.

${wrapped(described) if described else BLANK}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

from collections.abc import Sequence

% if is_blank or "sa." in code:
import sqlalchemy as sa
% endif
from alembic import op
${used(imports or "", code)}

revision: str = ${repr(up_revision)}
down_revision: str | Sequence[str] | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade() -> None:
    """Apply the change."""
    ${without_markers(upgrades) if upgrades and "op." in upgrades else "pass"}


def downgrade() -> None:
    """Revert the change."""
    ${without_markers(downgrades) if downgrades and "op." in downgrades else "pass"}
