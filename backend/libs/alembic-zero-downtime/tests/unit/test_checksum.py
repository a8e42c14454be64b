"""A revision's checksum changes with its code, and not with comments or formatting."""

import pytest

from alembic_zero_downtime.history.checksum import checksum

CODE = '''"""Add a column."""

import sqlalchemy as sa
from alembic import op

NAMES = ["a", "b"]


def upgrade() -> None:
    """Apply the change."""
    # One of them.
    op.add_column("companies", sa.Column(f"sector_{NAMES[0]!r:>4}", sa.Text(), nullable=True))
'''


def test_the_checksum_is_the_same_on_every_python() -> None:
    """It is stored for years: with a new Python, no revision must count as edited."""
    assert checksum(CODE) == ("95ce3eccb524ea9ba2ea02c0117eccb4470cc5ae51b5298b43ff1e46e2163e0f")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    # One of them.\n", ""),
        ('"""Add a column."""', '"""Add a column to the companies."""'),
        ('    """Apply the change."""\n', ""),
        ('"companies"', "'companies'"),
        ('["a", "b"]', '[\n    "a",\n    "b",\n]'),
        ("\n\n\n", "\n\n"),
        ("nullable=True", "nullable = (True)"),
        ("\n", "\r\n"),
    ],
)
def test_comments_docstrings_and_formatting_are_ignored(old: str, new: str) -> None:
    assert old in CODE
    assert checksum(CODE.replace(old, new)) == checksum(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nullable=True", "nullable=False"),
        ('"companies"', '"company"'),
        ('["a", "b"]', '["b", "a"]'),
        ("sa.Text()", "sa.Text"),
        ("NAMES[0]", "NAMES[-0]"),
        ("!r", ""),
        (">4", ">5"),
        ("def upgrade", "def downgrade"),
    ],
)
def test_a_change_of_the_code_changes_the_checksum(old: str, new: str) -> None:
    assert old in CODE
    assert checksum(CODE.replace(old, new)) != checksum(CODE)


def test_docstrings_are_ignored_and_other_strings_are_not() -> None:
    assert checksum('def f():\n    """Say."""\n') == checksum('def f():\n    """Say more."""\n')
    assert checksum('X = """a"""\n') != checksum('X = """b"""\n')
