"""Fill how the extractions from before were read.

They were read by language models. Where the raw data names the model, its confidence or the page,
that is taken over if it is what it should be; the raw data keeps it. In batches, while extractions
are read and written; a run that was ended goes on where it was.

Revision ID: 013
Revises: 012
Create Date: 2026-11-23 08:10:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "013"
down_revision: str | Sequence[str] | None = "012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# CASE looks at the type before it converts: WHERE promises no order.
VALUES = {
    "method": "'llm'",
    "model": r"CASE WHEN raw_data ->> 'model' ~ '\S' THEN raw_data ->> 'model' END",
    "confidence": """CASE WHEN jsonb_typeof(raw_data -> 'confidence') = 'number'
        THEN CASE WHEN (raw_data ->> 'confidence')::numeric BETWEEN 0 AND 1
                  THEN (raw_data ->> 'confidence')::float8 END END""",
    "source_page": """CASE WHEN jsonb_typeof(raw_data -> 'page') = 'number'
        THEN CASE WHEN (raw_data ->> 'page')::numeric BETWEEN 1 AND 1000000
                  THEN trunc((raw_data ->> 'page')::numeric)::integer END END""",
}


def upgrade() -> None:
    """Fill what is empty."""
    op.batched_backfill("extractions", VALUES, "method IS NULL")


# migrate-lint: allow downgrade: what is filled is right before this revision too; 012 drops it
def downgrade() -> None:
    """Leave the column filled."""
