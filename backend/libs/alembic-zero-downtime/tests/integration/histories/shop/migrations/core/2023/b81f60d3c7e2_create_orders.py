"""Create orders."""

import sqlalchemy as sa
from alembic import op

revision = "b81f60d3c7e2"
down_revision = "5d0c2e8f91ab"


def upgrade(**_: str) -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column(
            "status",
            sa.Enum("open", "paid", "sent", name="order_status"),
            server_default="open",
            nullable=False,
        ),
        sa.Column(
            "placed_at", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")
        ),
        sa.Column("total", sa.Numeric(10, 2), nullable=False),
    )


def downgrade(**_: str) -> None:
    op.drop_table("orders")
    op.execute("DROP TYPE order_status")
