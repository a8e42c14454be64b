"""Add the state of each patient and the day of the admission."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "58b1d2fc9e70"
down_revision = "c73e18a5f046"


def upgrade() -> None:
    postgresql.ENUM("waiting", "treated", name="patient_state").create(op.get_bind())
    state = postgresql.ENUM(name="patient_state", create_type=False)
    op.add_column("patients", sa.Column("state", state, server_default="waiting", nullable=False))
    op.add_column(
        "patients",
        sa.Column("admitted", sa.Date, server_default=sa.text("CURRENT_DATE"), nullable=False),
    )
    op.alter_column("patients", "ward_id", nullable=False)
    op.create_check_constraint("patients_are_born_first", "patients", "born <= admitted")


def downgrade() -> None:
    op.drop_constraint("patients_are_born_first", "patients")
    op.alter_column("patients", "ward_id", nullable=True)
    op.drop_column("patients", "admitted")
    op.drop_column("patients", "state")
    op.execute("DROP TYPE patient_state")
