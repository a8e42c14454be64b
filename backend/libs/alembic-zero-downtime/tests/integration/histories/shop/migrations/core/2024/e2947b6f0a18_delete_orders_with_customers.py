"""Delete orders with their customer."""

from alembic import op

revision = "e2947b6f0a18"
down_revision = "b81f60d3c7e2"


def upgrade(**_: str) -> None:
    op.drop_constraint("fk_orders_customer_id_customers", "orders", type_="foreignkey")
    op.create_foreign_key(None, "orders", "customers", ["customer_id"], ["id"], ondelete="CASCADE")
    op.create_check_constraint("not_negative", "orders", "total >= 0")
    op.create_index(None, "orders", ["customer_id", "placed_at"])


def downgrade(**_: str) -> None:
    op.drop_index("ix_orders_customer_id_placed_at", "orders")
    op.drop_constraint("not_negative", "orders", type_="check")
    op.drop_constraint("fk_orders_customer_id_customers", "orders", type_="foreignkey")
    op.create_foreign_key(None, "orders", "customers", ["customer_id"], ["id"])
