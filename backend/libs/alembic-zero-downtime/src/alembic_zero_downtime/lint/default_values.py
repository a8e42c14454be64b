"""Tell whether PostgreSQL rewrites a table for a new column, from the column's default.

PostgreSQL evaluates a default once if no function in it is volatile (PostgreSQL manual, "Modifying
Tables"). A generated column that is not stored has no values in the table.
"""

import re

from alembic_zero_downtime.sql import split_statements

# Not volatile, with any arguments, in PostgreSQL 15 to 18: a test asks the server.
STABLE_FUNCTIONS = frozenset(
    re.findall(
        r"\w+",
        """
    abs age array_append array_cat array_fill array_length array_position array_prepend
    array_remove array_replace array_to_json array_to_string ascii btrim cardinality cbrt ceil
    ceiling char_length character_length chr concat concat_ws convert_from convert_to
    current_database current_schema current_schemas current_setting date date_bin date_part
    date_trunc daterange decode degrees div encode exp factorial floor format gcd initcap int4range
    int8range isfinite json_build_array json_build_object json_object jsonb_build_array
    jsonb_build_object jsonb_object jsonb_set jsonb_strip_nulls jsonb_typeof justify_days
    justify_hours justify_interval lcm left length ln log lower lpad ltrim make_date make_interval
    make_time make_timestamp make_timestamptz md5 mod now num_nonnulls num_nulls numrange
    octet_length pi plainto_tsquery phraseto_tsquery power quote_ident quote_literal quote_nullable
    radians regexp_replace repeat replace reverse right round rpad rtrim scale sha224 sha256 sha384
    sha512 sign split_part sqrt starts_with statement_timestamp string_to_array strpos substr
    timezone to_ascii to_char to_date to_hex to_json to_jsonb to_number to_timestamp to_tsquery
    to_tsvector transaction_timestamp translate trim_array trim_scale trunc tsrange tstzrange upper
    websearch_to_tsquery width_bucket
    """,
    )
)
# Expressions of SQL that look like functions, and words that may precede a parenthesis.
SYNTAX = frozenset(
    re.findall(
        r"\w+",
        """
    and any array as between bit case cast char character coalesce collate current_time
    current_timestamp decimal default dec else extract float from greatest ilike in interval is
    least like localtime localtimestamp normalize not null nullif numeric or overlay placing
    position row similar some substring then time timestamp trim varbit varchar varying when
    """,
    )
)
CALL = re.compile(r"(?P<name>[\w$.]+) ?\(")
OWN_SCHEMA = "pg_catalog."


def rewrites_table(definition: str) -> bool:
    """Whether a new column with this default or generated value rewrites its table.

    A function that is not known may be volatile.

    Args:
        definition: an expression, or `GENERATED ALWAYS AS …`.
    """
    statement = next(split_statements(definition))
    if statement.matches(r"^GENERATED ALWAYS AS ?\("):
        return statement.matches(r"\) ?STORED\b")
    if statement.matches(r"^GENERATED\b") or '"' in definition:  # an identity; any function
        return True
    names = (match["name"].lower() for match in CALL.finditer(statement.words))
    return not all(name.removeprefix(OWN_SCHEMA) in STABLE_FUNCTIONS | SYNTAX for name in names)
