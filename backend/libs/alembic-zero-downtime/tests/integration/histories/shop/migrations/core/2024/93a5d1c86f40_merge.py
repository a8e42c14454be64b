"""Merge the two branches of 2024."""

revision = "93a5d1c86f40"
down_revision = ("07c4aa19de53", "e2947b6f0a18")


def upgrade(**_: str) -> None:
    pass


def downgrade(**_: str) -> None:
    pass
