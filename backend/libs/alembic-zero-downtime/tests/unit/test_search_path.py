"""A search path without `pg_catalog` names the same other schemas."""

import pytest

from alembic_zero_downtime.search_path import without_system_schema


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ('"$user", public', '"$user", public'),
        ("public, pg_catalog", "public"),
        ('"a, b", "pg_catalog", other', '"a, b", other'),
        ("pg_catalog", ""),
        ('"a ""pg_catalog"" b", pg_temp', '"a ""pg_catalog"" b", pg_temp'),
        ("", ""),
    ],
)
def test_only_the_system_schema_is_left_out(path: str, safe: str) -> None:
    assert without_system_schema(path) == safe
