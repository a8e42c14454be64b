"""The rules of squawk about changes that break the release that is running meanwhile."""

from alembic_zero_downtime.lint.finding import Rule
from alembic_zero_downtime.lint.rules.locking import NEW_COLUMN

AFTER_A_RELEASE = "first deploy a release without it; then suppress this rule and name that release"
ON_THE_TABLE = "ACCESS EXCLUSIVE on the table, briefly"
ON_THE_OBJECT = "ACCESS EXCLUSIVE on the object, briefly"


def _after_a_release(name: str, *, finds: str, why: str, lock: str, wrong: str) -> Rule:
    """Return a rule for a change that is safe as soon as no running release needs the object."""
    return Rule(
        name,
        finds=finds,
        why=f"Breaks the running release, {why}.",
        lock=lock,
        fix=AFTER_A_RELEASE,
        wrong=wrong,
        right=f"# migrate-lint: allow {name}: no release since 2.1 needs it\n{wrong}",
        needs_author=True,
    )


RELEASE_RULES = [
    _after_a_release(
        "ban-alter-identity",
        finds="An identity that is changed or dropped.",
        why="which relies on the column being generated, or on writing it",
        lock=ON_THE_TABLE,
        wrong='op.execute("ALTER TABLE companies ALTER COLUMN id DROP IDENTITY")',
    ),
    _after_a_release(
        "ban-drop-column",
        finds="A column that is dropped.",
        why="which still reads and writes it",
        lock=ON_THE_TABLE,
        wrong='op.drop_column("documents", "file_path")',
    ),
    Rule(
        "ban-drop-database",
        finds="A database that is dropped.",
        why="Destroys all data in the database; no downgrade restores it.",
        lock="ACCESS EXCLUSIVE on the database; it fails while a session is connected to it",
        fix="drop it manually",
        wrong='op.execute("DROP DATABASE archive")',
        right="# Not in a revision, but in psql: DROP DATABASE archive;",
    ),
    _after_a_release(
        "ban-drop-default",
        finds="A default that is dropped.",
        why="whose INSERTs omit the column: they write NULL, or fail",
        lock=ON_THE_TABLE,
        wrong='op.alter_column("documents", "created_at", server_default=None)',
    ),
    _after_a_release(
        "ban-drop-domain",
        finds="A domain that is dropped.",
        why="which still uses it",
        lock=ON_THE_OBJECT,
        wrong='op.execute("DROP DOMAIN isin")',
    ),
    _after_a_release(
        "ban-drop-extension",
        finds="An extension that is dropped.",
        why="which still uses its objects",
        lock="ACCESS EXCLUSIVE on each of its objects, briefly",
        wrong='op.execute("DROP EXTENSION pg_trgm")',
    ),
    _after_a_release(
        "ban-drop-function",
        finds="A function that is dropped.",
        why="which still calls it",
        lock=ON_THE_OBJECT,
        wrong='op.execute("DROP FUNCTION total(bigint)")',
    ),
    _after_a_release(
        "ban-drop-generated-expression",
        finds="A generated column that becomes a plain one.",
        why="which does not write the column: it stays NULL",
        lock=ON_THE_TABLE,
        wrong='op.execute("ALTER TABLE documents ALTER COLUMN lower_url DROP EXPRESSION")',
    ),
    _after_a_release(
        "ban-drop-schema",
        finds="A schema that is dropped.",
        why="which still uses objects in it",
        lock="ACCESS EXCLUSIVE on each of its objects, briefly",
        wrong='op.execute("DROP SCHEMA archive")',
    ),
    _after_a_release(
        "ban-drop-sequence",
        finds="A sequence that is dropped.",
        why="which still takes values from it",
        lock=ON_THE_OBJECT,
        wrong='op.execute("DROP SEQUENCE document_numbers")',
    ),
    _after_a_release(
        "ban-drop-table",
        finds="A table that is dropped.",
        why="which still reads and writes it",
        lock="ACCESS EXCLUSIVE on the table and on those that its foreign keys refer to, briefly",
        wrong='op.drop_table("extractions")',
    ),
    _after_a_release(
        "ban-drop-type",
        finds="A type that is dropped, such as an enum.",
        why="which still uses it",
        lock=ON_THE_OBJECT,
        wrong='op.execute("DROP TYPE mood")',
    ),
    _after_a_release(
        "ban-drop-view",
        finds="A view that is dropped.",
        why="which still reads it",
        lock=ON_THE_OBJECT,
        wrong='op.execute("DROP VIEW reports")',
    ),
    _after_a_release(
        "ban-set-schema",
        finds="An object that is moved to another schema.",
        why="which expects it in the old schema",
        lock=ON_THE_TABLE,
        wrong='op.execute("ALTER TABLE documents SET SCHEMA archive")',
    ),
    Rule(
        "renaming-column",
        finds="A column that is renamed.",
        why="Breaks the running release, which still uses the old name.",
        lock=ON_THE_TABLE,
        fix=NEW_COLUMN,
        wrong='op.alter_column("documents", "file_path", new_column_name="path")',
        right='op.add_column("documents", sa.Column("path", sa.Text()))',
    ),
    _after_a_release(
        "renaming-object",
        finds="A view, a type or another object that is renamed; not an index or a constraint.",
        why="which still uses the old name",
        lock=ON_THE_OBJECT,
        wrong='op.execute("ALTER VIEW reports RENAME TO papers")',
    ),
    Rule(
        "renaming-table",
        finds="A table that is renamed.",
        why="Breaks the running release, which still uses the old name.",
        lock=ON_THE_TABLE,
        fix="create a view with the old name in the same revision, and suppress this rule",
        wrong='op.rename_table("extractions", "results")',
        right="# migrate-lint: allow renaming-table: a view has the old name\n"
        'op.rename_table("extractions", "results")\n'
        'op.execute("CREATE VIEW extractions AS SELECT * FROM results")',
    ),
]
