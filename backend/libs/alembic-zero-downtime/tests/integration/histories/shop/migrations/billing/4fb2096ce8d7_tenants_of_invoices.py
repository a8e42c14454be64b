"""Note the tenant of each invoice."""

import sqlalchemy as sa
from alembic import context, op

revision = "4fb2096ce8d7"
down_revision = "1c83f7e5b0d9"


def upgrade(**_: str) -> None:
    tenant = op.get_context().opts["shop_tenant"]
    assert context.get_x_argument(as_dictionary=True).get("tenant", "main") == tenant
    op.create_unique_constraint(None, "invoices", ["order_id"])
    op.add_column("invoices", sa.Column("tenant", sa.Text, server_default=tenant, nullable=False))
    op.alter_column("invoices", "tenant", server_default=None)


def downgrade(**_: str) -> None:
    op.drop_column("invoices", "tenant")
    op.drop_constraint("uq_invoices_order_id", "invoices", type_="unique")
