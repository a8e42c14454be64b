"""The rules for the Python code of a revision, and for the files of a history."""

from alembic_zero_downtime.lint.finding import Rule

NO_LOCK = "none"

PROJECT_OPTIONS = {
    "docstring": "docstrings",
    "head-file": "head_file",
    "numbering": "sequential_ids",
}
"""Rules that only a project with an option checks, and the name of the option."""

SOURCE_RULES = [
    Rule(
        "docstring",
        finds="A docstring that is missing, has only a title, or names other revisions than the "
        "code. Checked with Project(docstrings=True).",
        why="A later reader cannot see why the change was made.",
        lock=NO_LOCK,
        fix="describe the change, its reason and its locks below the first line",
        wrong='"""Add title."""',
        right='"""Add title.\n\nThe search needs it. ACCESS EXCLUSIVE on documents, briefly.\n\n'
        'Revision ID: 001\nRevises:\n"""',
    ),
    Rule(
        "downgrade",
        finds="A downgrade() that keeps what upgrade() has created, or does nothing.",
        why="A user who downgrades expects that it is gone.",
        lock=NO_LOCK,
        fix="revert each change of upgrade() in downgrade(), or raise an error with the reason",
        wrong="def upgrade() -> None:\n"
        '    op.add_column("documents", sa.Column("title", sa.Text()))\n\n\n'
        "def downgrade() -> None:\n    pass",
        right="def upgrade() -> None:\n"
        '    op.add_column("documents", sa.Column("title", sa.Text()))\n\n\n'
        'def downgrade() -> None:\n    op.drop_column("documents", "title")',
    ),
    Rule(
        "exception",
        finds="A suppression without a reason, for an unknown rule, or for one without a finding.",
        why="The suppression has no effect: its rule or its reason is missing, or there is no "
        "finding.",
        lock=NO_LOCK,
        fix="# migrate-lint: allow <rule>: <reason>, for a rule with a finding in this revision",
        wrong='# migrate-lint: allow truncate\nop.execute("TRUNCATE extractions")',
        right="# migrate-lint: allow truncate: a cache, which the next run fills again\n"
        'op.execute("TRUNCATE extractions")',
    ),
    Rule(
        "head-file",
        finds="A head.txt that does not name the newest revision. Checked with "
        "Project(head_file=True).",
        why="Without a correct head.txt, git reports no conflict if two branches add a revision.",
        lock=NO_LOCK,
        fix="the renumber command writes it",
        wrong="# head.txt beside 001_create_documents.py and 002_add_title.py\n"
        "001_create_documents",
        right="# head.txt beside 001_create_documents.py and 002_add_title.py\n002_add_title",
    ),
    Rule(
        "imports-app",
        finds="An import of a package other than Python's standard library, sqlalchemy and "
        "alembic.",
        why="Application code changes and the revision does not: later it behaves differently, or "
        "fails.",
        lock=NO_LOCK,
        fix="copy the code that it needs into the revision, tables as sa.table(…); import only "
        "Python's standard library, sqlalchemy and alembic",
        wrong="from app.models import Document\n\n"
        "op.execute(sa.delete(Document).where(Document.id == 42))",
        right='documents = sa.table("documents", sa.column("id"))\n\n'
        "op.execute(sa.delete(documents).where(documents.c.id == 42))",
    ),
    Rule(
        "numbering",
        finds="An id, a file name or a down_revision that does not match the position of the "
        "revision. Checked with Project(sequential_ids=True).",
        why="The files must sort in the order in which the revisions run.",
        lock=NO_LOCK,
        fix="run the renumber command",
        wrong='# 002_add_title.py\nrevision = "004"\ndown_revision = "001"',
        right='# 002_add_title.py\nrevision = "002"\ndown_revision = "001"',
    ),
    Rule(
        "offline-sql",
        finds="A revision whose SQL cannot be written without a database, also in part.",
        why="alembic upgrade --sql cannot write it, or writes SQL that a run does not execute.",
        lock="not known",
        fix="use op.execute(…) with literal values, or a DO block",
        wrong='rows = op.get_bind().execute(sa.text("SELECT id FROM documents"))\n'
        "for row in rows.all():\n"
        '    op.execute(f"UPDATE documents SET file_path = url WHERE id = {row.id}")',
        right="op.batched_backfill(\n"
        '    "documents", values={"file_path": "url"}, where="file_path IS NULL"\n)',
    ),
    Rule(
        "unseen-code",
        finds="Code that the lint could not run, or did not reach: a call of a function that "
        "cannot be imported, or of one that needs a value that only the database knows.",
        why="The lint has not looked at it: it may lock, rewrite or delete.",
        lock="not known",
        fix="write its statements out; or run the plan command, which runs the revision on a copy "
        "of the schema, and suppress this rule with a reason",
        wrong="from app.titles import fill_titles\n\nfill_titles(op)",
        right='op.batched_backfill("documents", values={"title": "url"}, where="title IS NULL")',
    ),
]
