"""The rules of squawk about the words of a statement: its syntax, its names and its types."""

from alembic_zero_downtime.lint.finding import Rule, Severity

NO_OTHER_LOCK = "none of its own"

WORD_RULES = [
    Rule(
        "ban-char-field",
        finds="A column of the type char(n).",
        why="char(n) pads values with spaces, and changing n changes the type.",
        lock=NO_OTHER_LOCK,
        fix="text and a CHECK",
        wrong='op.add_column("companies", sa.Column("country", sa.CHAR(2)))',
        right='op.add_column("companies", sa.Column("country", sa.Text()))',
        severity=Severity.WARNING,
    ),
    Rule(
        "ban-create-domain-with-constraint",
        finds="A domain with a constraint.",
        why="Changing a constraint of a domain scans every table that uses the domain.",
        lock=NO_OTHER_LOCK,
        fix="text and a CHECK on the table",
        wrong="op.execute(\"CREATE DOMAIN word AS text CHECK (VALUE <> '')\")",
        right='op.create_check_constraint_online("ck_companies_name", "companies", "name <> \'\'")',
        severity=Severity.WARNING,
    ),
    Rule(
        "ban-duplicate-column-assignments",
        finds="An UPDATE that assigns a column twice.",
        why="PostgreSQL rejects it.",
        lock=NO_OTHER_LOCK,
        fix="assign each column once",
        wrong="op.execute(\"UPDATE documents SET url = 'a', url = 'b' WHERE id = 1\")",
        right="op.execute(\"UPDATE documents SET url = 'b' WHERE id = 1\")",
    ),
    Rule(
        "identifier-too-long",
        finds="A name of more than 63 bytes.",
        why="PostgreSQL truncates a name to 63 bytes: two names can become the same, and a search "
        "in the catalogs does not find the full name.",
        lock=NO_OTHER_LOCK,
        fix="a shorter name",
        wrong='op.add_column(\n    "documents",\n'
        '    sa.Column("the_name_of_the_person_who_has_published_the_document_at_the_company", '
        "sa.Text()),\n)",
        right='op.add_column("documents", sa.Column("publisher", sa.Text()))',
        severity=Severity.WARNING,
    ),
    Rule(
        "prefer-identity",
        finds="A column of the type serial, also the integer key that SQLAlchemy makes by default.",
        why="serial creates a sequence with separate privileges, which other tables can use.",
        lock="none of its own in a new table",
        fix="sa.Identity()",
        wrong='op.create_table("probes", sa.Column("id", sa.BigInteger(), primary_key=True))',
        right="op.create_table(\n"
        '    "probes", sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)\n)',
        severity=Severity.WARNING,
    ),
    Rule(
        "prefer-text-field",
        finds="A column of the type varchar(n).",
        why="Changing the length of varchar(n) changes the type, under a lock on the table.",
        lock=NO_OTHER_LOCK,
        fix="text, and a CHECK if the length matters",
        wrong='op.add_column("documents", sa.Column("summary", sa.String(200)))',
        right='op.add_column("documents", sa.Column("summary", sa.Text()))',
        severity=Severity.WARNING,
    ),
    Rule(
        "prefer-timestamp-tz",
        finds="A column of the type timestamp without time zone.",
        why="Without a time zone, each client interprets a timestamp in its own.",
        lock=NO_OTHER_LOCK,
        fix="sa.DateTime(timezone=True)",
        wrong='op.add_column("documents", sa.Column("published_at", sa.DateTime()))',
        right='op.add_column("documents", sa.Column("published_at", sa.DateTime(timezone=True)))',
        severity=Severity.WARNING,
    ),
    Rule(
        "syntax-error",
        finds="A statement that squawk cannot parse; its other rules do not see it.",
        why="Not valid SQL for PostgreSQL 15, or not known to squawk.",
        lock="not known",
        fix="correct it; if PostgreSQL accepts it, suppress this rule",
        wrong='op.execute("ALTER TABLE documents ADD COLUM note text")',
        right='op.execute("ALTER TABLE documents ADD COLUMN note text")',
    ),
]
