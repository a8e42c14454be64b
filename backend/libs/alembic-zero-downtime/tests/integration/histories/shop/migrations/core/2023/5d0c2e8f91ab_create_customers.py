"""Create customers."""

import sqlalchemy as sa
from alembic import op

revision = "5d0c2e8f91ab"
down_revision = None
branch_labels = ("core",)


def upgrade(**_: str) -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(200), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.execute("CREATE TABLE import_runs (id int)")


def downgrade(**_: str) -> None:
    op.execute("DROP TABLE import_runs")
    op.drop_table("customers")
