"""Let customers share an address of mail."""

from alembic import op

revision = "07c4aa19de53"
down_revision = "b81f60d3c7e2"


def upgrade(**_: str) -> None:
    with op.batch_alter_table("customers") as customers:
        customers.drop_constraint("uq_customers_email", type_="unique")
        customers.create_unique_constraint(None, ["email", "name"])


def downgrade(**_: str) -> None:
    op.drop_constraint("uq_customers_email_name", "customers")
    op.create_unique_constraint(None, "customers", ["email"])
