"""The models of the shop: names by a convention, and a table in a second schema."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=CONVENTION)

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.String(200), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("phone", sa.Text),
    sa.UniqueConstraint("email", "name"),
)
orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    sa.Column(
        "status",
        postgresql.ENUM("open", "paid", "sent", name="order_status"),
        server_default="open",
        nullable=False,
    ),
    sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    sa.Column("total", sa.Numeric(10, 2), nullable=False),
    sa.CheckConstraint("total >= 0", name="not_negative"),
    sa.Index(None, "customer_id", "placed_at"),
)
past_orders = sa.Table(
    "past_orders",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("total", sa.Numeric(10, 2)),
    schema="archive",
)
invoices = sa.Table(
    "invoices",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False, unique=True),
    sa.Column("currency", sa.String(3), server_default="EUR", nullable=False),
    sa.Column("tenant", sa.Text, nullable=False),
)
