"""Backfill the provenance of extractions.

Existing extractions were made by language models. Where the raw data names the model, the
confidence or the page, a valid value is copied; the raw data keeps it. In batches, while other
transactions read and write extractions; an interrupted run resumes after its last batch.

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

# CASE checks the type before it converts; in WHERE the order of evaluation is undefined.
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
    """Fill the rows without a method."""
    op.batched_backfill("extractions", VALUES, "method IS NULL")


# migrate-lint: allow downgrade: the values are valid without this revision too; 012 drops them
def downgrade() -> None:
    """Keep the values."""
