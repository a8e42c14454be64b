"""Index quotes by ticker and day.

For the history of an instrument, and for the foreign key of c07. Built concurrently: quotes are
read and written meanwhile. An interrupted build leaves an invalid index, for which IF NOT EXISTS
would skip the build: it is dropped first, and the result is checked.

Revision ID: c06
Revises: c05
Create Date: 2026-11-23 05:05:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c06"
down_revision: str | Sequence[str] | None = "c05"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
repeatable = True  # idempotent: an invalid index is dropped first

INDEX = "ix_quotes_ticker_day"
# NULL if there is no such index.
IS_VALID = f"(SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{INDEX}'))"

DROP_INVALID = f"""
DO $$
BEGIN
    IF NOT {IS_VALID} THEN
        DROP INDEX {INDEX};
    END IF;
END
$$
"""

REQUIRE_VALID = f"""
DO $$
BEGIN
    IF {IS_VALID} IS NOT TRUE THEN
        RAISE EXCEPTION USING
            MESSAGE = 'the build of the index {INDEX} was not completed',
            HINT = 'Run the same command again: it builds the index again.';
    END IF;
END
$$
"""


def upgrade() -> None:
    """Build the index, unless an earlier run has built it."""
    with op.get_context().autocommit_block():
        op.execute(DROP_INVALID)
        op.create_index(
            op.f(INDEX),
            "quotes",
            ["ticker", "day"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute(REQUIRE_VALID)


def downgrade() -> None:
    """Drop the index concurrently."""
    with op.get_context().autocommit_block():
        op.drop_index(op.f(INDEX), "quotes", postgresql_concurrently=True, if_exists=True)
