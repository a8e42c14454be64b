"""Kinds of columns: a type with a value, server defaults, and CHECKs that its value satisfies."""

import re
from dataclasses import dataclass

# In a CHECK, `{c}` is the quoted column.
SCALARS = ("{c} > 0", "{c} BETWEEN 1 AND 99", "{c} IN (1, 2, 3)", "{c} <> 0 AND {c} < 1000")
WORDS = (
    r"{c} ~ '\S'",
    "{c} <> ''",
    "length({c}) < 300",
    "{c} IN ('a', 'b', 'it''s', '100%')",
    "{c} LIKE '%' OR {c} LIKE 'x_%'",
    "{c} !~ '^(?:x|y):z'",
    "{c} = lower({c})",
    "NOT ({c} = 'x' OR {c} = 'y')",
    "char_length(trim(both from {c})) > 0",
    "{c} IS NULL OR {c} <> 'a:b'",
    "coalesce({c}, '') = {c}::text",
    "CASE WHEN {c} = 'x' THEN false ELSE true END",
    "position('%' in {c}) = 0",
    "{c} <> E'tab\\tname'",
    "{c} IS DISTINCT FROM 'é'",
)
TIMES = ("{c} > '2000-01-01'", "extract(year from {c}) >= 2000")


@dataclass(frozen=True)
class Kind:
    """A kind of column.

    Attributes:
        type: its source.
        value: a literal in SQL.
        defaults: sources of server defaults.
        checks: conditions that the value satisfies, as written in a model.
        is_sortable: whether a B-tree and a unique constraint take it.
        gin: the operator classes of a GIN index; "" is the default one.
        gist: whether a GiST index takes it.
        wider: the types to which a change of the models turns it, with and without a rewrite.
        is_text: whether functions on text take it, and its conditions are immutable.
        is_number: the same, on numbers.
    """

    type: str
    value: str
    defaults: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    is_sortable: bool = True
    gin: tuple[str, ...] = ()
    gist: bool = False
    wider: tuple[str, ...] = ()
    is_text: bool = False
    is_number: bool = False


def text(sql: str) -> str:
    """Return the source of `sa.text` for SQL, whose colons are escaped."""
    return f"sa.text({escaped(sql)!r})"


def escaped(sql: str) -> str:
    """Return SQL with the colons escaped that SQLAlchemy would take for parameters."""
    return re.sub(r"(?<!:):(?!:)", r"\\:", sql)


def _texts(*sqls: str) -> tuple[str, ...]:
    return tuple(map(text, sqls))


WORD_DEFAULTS = (
    "'a'",
    '"it\'s"',
    "'100%'",
    "'a:b'",
    "''",
    "'%s'",
    "'say \"hi\"'",
    "'back\\\\slash'",
    "'é'",
    "'NULL'",
    *_texts(
        "'a'",
        "'it''s'",
        "'50%'::text",
        "'a:b'",
        "CURRENT_USER",
        "current_user",
        "lower('ABC')",
        "'a' || 'b'",
        "upper('x'::text)",
        "E'line\\nbreak'",
        "md5('x')",
        "(gen_random_uuid())::text",
        "to_char(now(), 'YYYY-MM-DD HH24:MI')",
    ),
    "sa.func.lower('ABC')",
    "sa.func.current_user()",
)
NUMBER_DEFAULTS = (
    "'1'",
    "'0'",
    "'-1'",
    *_texts("1", "-1", "1 + 1", "(2)", "'3'", "char_length('abc')", "42::integer"),
    "sa.func.abs(-3)",
)
NOW = (
    "sa.func.now()",
    "sa.func.current_timestamp()",
    *_texts(
        "now()",
        "CURRENT_TIMESTAMP",
        "current_timestamp",
        "clock_timestamp()",
        "transaction_timestamp()",
        "now() + interval '1 day'",
        "'2020-01-01 00:00:00+00'",
        "timezone('UTC', now())",
        "(now() AT TIME ZONE 'utc')",
        "date_trunc('day', now())",
        "LOCALTIMESTAMP",
    ),
)
JSONS = (
    "'{}'",
    "'[]'",
    "'{\"a\": 1}'",
    '\'{"a": "it\\\'s 5%", "b": [1, 2]}\'',
    *_texts("'{}'", "'[]'", "'{\"a\": 1}'", '\'{"a":"b"}\'', "'null'"),
)
JSONB_ONLY = (
    *_texts("'{}'::jsonb", "jsonb_build_object('a', 1)", "jsonb_build_array()", "'{\"a\" :  1}'"),
    "sa.func.jsonb_build_object('a', 1)",
)
WIDER_TEXT = ("sa.Text()", "sa.String(400)", "sa.String(20)", "sa.String()")

KINDS: tuple[Kind, ...] = (
    Kind("sa.Integer()", "1", NUMBER_DEFAULTS, SCALARS, wider=("sa.BigInteger()",), is_number=True),
    Kind("sa.BigInteger()", "1", NUMBER_DEFAULTS, SCALARS, is_number=True),
    Kind("sa.SmallInteger()", "1", NUMBER_DEFAULTS, SCALARS, wider=("sa.Integer()",)),
    Kind("sa.Text()", "'a'", WORD_DEFAULTS, WORDS, is_text=True, wider=("sa.String()",)),
    Kind("sa.Text()", "'a'", WORD_DEFAULTS, WORDS, is_text=True, wider=("sa.String()",)),
    Kind("sa.String()", "'a'", WORD_DEFAULTS, WORDS, is_text=True, wider=("sa.Text()",)),
    Kind("sa.String(40)", "'a'", ("'a'", '"it\'s"', text("'x'")), WORDS, wider=WIDER_TEXT),
    Kind("sa.Unicode(30)", "'a'", ("'a'",), WORDS, wider=WIDER_TEXT),
    Kind("sa.CHAR(3)", "'a'", ("'abc'", text("'a'")), ("{c} <> ''",)),
    Kind('sa.Text(collation="C")', "'a'", ("'a'",), WORDS[:4], is_text=True),
    Kind(
        "sa.Boolean()", "true", ("sa.true()", "sa.false()", *_texts("true", "FALSE", "'t'"), "'1'")
    ),
    Kind("sa.Boolean()", "true", ("sa.true()",), ("{c}", "{c} IS NOT FALSE", "NOT {c} IS FALSE")),
    Kind("sa.Numeric()", "1.5", ("'1'", *_texts("0", "0.5", "1.50")), SCALARS[:2], is_number=True),
    Kind(
        "sa.Numeric(12, 2)",
        "1.5",
        ("'1'", "'0.00'", *_texts("0", "0.5", "1.50", "'3'::numeric")),
        SCALARS[:2],
        wider=("sa.Numeric(14, 2)", "sa.Numeric()", "sa.Numeric(12, 4)", "sa.Numeric(8, 2)"),
        is_number=True,
    ),
    Kind("sa.Numeric(5)", "1", _texts("1", "1e2"), SCALARS[:2]),
    Kind("sa.Float()", "1.5", ("'1'", *_texts("0", "0.5", "random()")), SCALARS[:2]),
    Kind("sa.REAL()", "1.5", ("'1'", *_texts("0.5")), SCALARS[:1]),
    Kind("sa.Double()", "1.5", _texts("pi()", "'NaN'"), SCALARS[:1]),
    Kind(
        "sa.Date()",
        "'2020-01-01'",
        ("sa.func.current_date()", *_texts("CURRENT_DATE", "'2020-01-01'")),
        TIMES,
    ),
    Kind("sa.DateTime()", "'2020-01-01'", NOW, TIMES, wider=("sa.DateTime(timezone=True)",)),
    Kind("sa.DateTime(timezone=True)", "'2020-01-01'", NOW, TIMES),
    Kind("postgresql.TIMESTAMP(timezone=True, precision=3)", "'2020-01-01'", NOW[:4], TIMES[:2]),
    Kind("sa.Time()", "'12:00'", _texts("'12:30'", "LOCALTIME", "'12:30:00'::time")),
    Kind("postgresql.TIME(timezone=True)", "'12:00+00'", _texts("CURRENT_TIME")),
    Kind(
        "sa.Interval()",
        "'1 day'",
        ("'1 day'", *_texts("'1 day'", "interval '2 hours'", "'01:30:00'")),
    ),
    Kind("postgresql.INTERVAL(fields='DAY TO SECOND', precision=2)", "'1 day'", _texts("'1 day'")),
    Kind(
        "sa.Uuid()",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        (
            "sa.func.gen_random_uuid()",
            *_texts("gen_random_uuid()", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"),
        ),
    ),
    Kind(
        "postgresql.UUID(as_uuid=False)",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        _texts("gen_random_uuid()"),
    ),
    Kind("sa.LargeBinary()", "'x'", _texts("'\\xdead'::bytea", "'abc'")),
    Kind("sa.JSON()", "'{}'", JSONS, is_sortable=False),
    Kind("postgresql.JSON()", "'{}'", JSONS, is_sortable=False),
    Kind(
        "postgresql.JSONB()",
        "'{}'",
        JSONS + JSONB_ONLY,
        ("jsonb_typeof({c}) = 'object'", "NOT {c} ? 'x'", "{c} @> '{{}}'", "({c} ->> 'a') IS NULL"),
        gin=("", "jsonb_path_ops"),
    ),
    Kind(
        "postgresql.ARRAY(sa.Text())",
        "'{a}'",
        (
            "'{a}'",
            "'{}'",
            *_texts("'{}'", "ARRAY[]::text[]", "'{a,\"b c\"}'::text[]", "array['it''s', '5%']"),
        ),
        ("cardinality({c}) < 9", "{c} <> '{{}}'", "'a' = ANY ({c})"),
        gin=("", "array_ops"),
    ),
    Kind("sa.ARRAY(sa.Integer())", "'{1}'", ("'{}'", "'{1,2}'", *_texts("ARRAY[1, 2]")), gin=("",)),
    Kind("postgresql.ARRAY(sa.String(20), dimensions=2)", "'{{a}}'", ("'{}'",)),
    Kind(
        "postgresql.INT4RANGE()",
        "'[1,2)'",
        _texts("int4range(1, 2)", "'empty'"),
        ("NOT isempty({c})",),
        gist=True,
    ),
    Kind("postgresql.NUMRANGE()", "'[1,2)'", ("'(,)'",), gist=True),
    Kind(
        "postgresql.TSTZRANGE()",
        "'[2020-01-01,2020-01-02)'",
        _texts("tstzrange(now(), NULL)"),
        gist=True,
    ),
    Kind(
        "postgresql.DATERANGE()",
        "'[2020-01-01,2020-01-02)'",
        _texts("'[2020-01-01,2020-02-01)'"),
        gist=True,
    ),
    Kind("postgresql.INT4MULTIRANGE()", "'{[1,2)}'", ("'{}'",), gist=True),
    Kind("postgresql.INET()", "'127.0.0.1'", ("'127.0.0.1'", *_texts("inet '::1'"))),
    Kind("postgresql.CIDR()", "'10.0.0.0/8'", ("'10.0.0.0/8'",)),
    Kind("postgresql.MACADDR()", "'08:00:2b:01:02:03'", _texts("'08:00:2b:01:02:03'")),
    Kind("postgresql.BIT(3)", "'101'", _texts("B'101'", "'000'"), is_sortable=False),
    Kind("postgresql.BIT(varying=True)", "'101'", _texts("B'1'"), is_sortable=False),
    Kind("postgresql.MONEY()", "1", _texts("0")),
    Kind("postgresql.OID()", "1", ("'0'",)),
    Kind(
        "postgresql.TSVECTOR()",
        "'a'",
        _texts("to_tsvector('simple', 'a')", "''"),
        gin=("",),
        gist=True,
    ),
    Kind("postgresql.TSQUERY()", "'a'", ()),
    Kind("types.Money()", "1.5", ("'1'", *_texts("0.00")), SCALARS[:2]),
    Kind("types.Slug()", "'a'", ("'a'", *_texts("'b'")), WORDS[:3]),
    Kind("types.Slug(20)", "'a'", ("'a'",), WORDS[:3], wider=("types.Slug(60)",)),
    Kind("types.Tags()", "'{a}'", ("'{}'",), gin=("",)),
    Kind("types.Document()", "'{}'", JSONS[:3], ("jsonb_typeof({c}) = 'object'",)),
    Kind(
        "shared_mood", "'calm'", ("'calm'", *_texts("'it''s'", "'calm'::mood")), ("{c} <> 'it''s'",)
    ),
    Kind("shared_mood", "'calm'", ("'calm'",), ("{c} IN ('calm', 'sad')",)),
    Kind("shared_level", "'low'", ("'low'",)),
    Kind("shared_stage", "'first'", ("'first'",)),
    Kind("postgresql.ARRAY(shared_mood)", "'{calm}'", ("'{}'",)),
    Kind("sa.Enum('on', 'off', name='switch')", "'on'", ("'on'",)),
    Kind("sa.Enum('x', 'y', native_enum=False, name='letter', length=5)", "'x'", ("'x'",)),
    Kind(
        "sa.Enum('x', 'y', native_enum=False, create_constraint=True, name='checked_letter')",
        "'x'",
        ("'x'",),
    ),
    Kind("shared_positive", "1", _texts("1"), ("{c} < 100",)),
    Kind("shared_word", "'a'", ("'a'",)),
)

DOMAIN = """postgresql.DOMAIN(
    'Word', sa.Text(), not_null=True, default=sa.text("'a'"),
    constraint_name='word_is_not_blank', check=r"VALUE ~ '\\S'", metadata=metadata,
)"""
SHARED = (
    (
        "shared_mood",
        "sa.Enum('calm', \"it's\", 'sad', '100%', name='mood', metadata=metadata)",
    ),
    ("shared_level", "postgresql.ENUM('low', 'high', name='Level of it', metadata=metadata)"),
    ("shared_stage", "sa.Enum('first', 'second', name='stage')"),
    (
        "shared_positive",
        "postgresql.DOMAIN('positive', sa.Integer(), check='VALUE > 0', metadata=metadata)",
    ),
    ("shared_word", DOMAIN),
    ("shared_counter", "sa.Sequence('counter', start=10, metadata=metadata)"),
)
"""Definitions that several tables use, by variable."""
