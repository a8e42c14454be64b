"""Create wards, with rows by an ORM."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import orm

revision = "9a0be4c7d312"
down_revision = None


def upgrade() -> None:
    class Base(orm.DeclarativeBase):
        pass

    class Ward(Base):
        __tablename__ = "wards"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        name: orm.Mapped[str] = orm.mapped_column(sa.String(80))

    Base.metadata.create_all(op.get_bind(), checkfirst=False)
    number = int(op.get_context().config.get_main_option("wards"))
    session = orm.Session(bind=op.get_bind())
    session.add_all(Ward(name=f"Ward {n}: 100%") for n in range(number))
    session.commit()


def downgrade() -> None:
    op.drop_table("wards")
