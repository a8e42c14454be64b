"""Let patients go home, and give wards settings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "e40c6a9db827"
down_revision = "58b1d2fc9e70"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE patient_state ADD VALUE IF NOT EXISTS 'gone home'")
    op.add_column(
        "wards",
        sa.Column(
            "settings",
            postgresql.JSONB,
            server_default=sa.text("'{\"beds\"\\: 4}'"),
            nullable=False,
        ),
    )


def downgrade() -> None:
    op.drop_column("wards", "settings")
    op.execute("ALTER TABLE patients ALTER state DROP DEFAULT")
    op.execute("ALTER TYPE patient_state RENAME TO patient_state_before")
    op.execute("CREATE TYPE patient_state AS ENUM ('waiting', 'treated')")
    op.execute(
        "ALTER TABLE patients ALTER state TYPE patient_state"
        " USING replace(state::text, 'gone home', 'treated')::patient_state"
    )
    op.execute("ALTER TABLE patients ALTER state SET DEFAULT 'waiting'")
    op.execute("DROP TYPE patient_state_before")
