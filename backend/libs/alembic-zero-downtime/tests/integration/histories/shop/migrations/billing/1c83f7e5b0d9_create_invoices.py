"""Create invoices."""

import sqlalchemy as sa
from alembic import op

revision = "1c83f7e5b0d9"
down_revision = None
branch_labels = ("billing",)
depends_on = "b81f60d3c7e2"


def upgrade(currency: str) -> None:
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("currency", sa.String(3), server_default=currency, nullable=False),
    )


def downgrade(**_: str) -> None:
    op.drop_table("invoices")
