"""Create patients, and their index outside of the transaction."""

import sqlalchemy as sa
from alembic import op

revision = "2f6d90b7c1e5"
down_revision = "9a0be4c7d312"


def upgrade() -> None:
    op.create_table(
        "patients",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("ward_id", sa.Integer, sa.ForeignKey("wards.id", name="patients_ward")),
        sa.Column("surname", sa.Text, nullable=False),
        sa.Column("born", sa.Date, nullable=False),
    )
    op.execute("COMMIT")
    op.execute("CREATE INDEX CONCURRENTLY ix_patients_surname ON patients (lower(surname))")


def downgrade() -> None:
    op.drop_table("patients")
