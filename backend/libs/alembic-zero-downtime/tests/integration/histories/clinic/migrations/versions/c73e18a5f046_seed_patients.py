"""Enter the patients of the paper files, each in the ward of its letter."""

import datetime as dt

import sqlalchemy as sa
from alembic import context, op

revision = "c73e18a5f046"
down_revision = "2f6d90b7c1e5"


def upgrade() -> None:
    patients = sa.table(
        "patients",
        sa.column("id", sa.BigInteger),
        sa.column("ward_id", sa.Integer),
        sa.column("surname", sa.Text),
        sa.column("born", sa.Date),
    )
    op.bulk_insert(
        patients,
        [
            {"surname": surname, "born": dt.date(1980, 2, day)}
            for day, surname in enumerate(("O'Hara", "Ümit: 5%", "Zed"), 1)
        ],
    )
    if context.is_offline_mode():
        op.execute("UPDATE patients SET ward_id = 1 + (id - 1) % 3")
        return
    for row in op.get_bind().execute(sa.select(patients.c.id).order_by(patients.c.id)).all():
        change = sa.update(patients).where(patients.c.id == row.id)
        op.execute(change.values(ward_id=1 + (row.id - 1) % 3))


def downgrade() -> None:
    op.execute("DELETE FROM patients")
