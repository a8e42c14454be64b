"""The changes of a table of documents that are measured, by plain and by online operations."""

from collections.abc import Callable
from dataclasses import dataclass

from support.project import ProjectCopy
from support.recipes import add_revision, read_recipes

AddRevisions = Callable[[ProjectCopy], object]


def one(upgrade: str) -> AddRevisions:
    """Return a function that adds one revision whose `upgrade` has these lines."""
    return lambda project: project.add(upgrade)


def recipe(heading: str) -> AddRevisions:
    """Return a function that adds the revisions of a recipe, as they are on the page."""

    def add(project: ProjectCopy) -> None:
        for block in read_recipes()[heading]:
            if block.is_revision:
                add_revision(project, block)

    return add


@dataclass(frozen=True)
class Change:
    """A change of the table, in two ways with the same result.

    Attributes:
        plain: adds the revision with Alembic's own operation.
        online: adds the revisions that block reads and writes only briefly.
        given: SQL that runs before either, to create the object that is changed.
    """

    plain: AddRevisions
    online: AddRevisions
    given: str = ""


# Only objects that a change drops or replaces have a name of the test project.
CHANGES = {
    "create index": Change(
        one('op.create_index("ix_documents_bench", "documents", ["url"])'),
        one('op.create_index_online("ix_documents_bench", "documents", ["url"])'),
    ),
    "drop index": Change(
        one('op.drop_index("ix_documents_bench", "documents")'),
        one('op.drop_index_online("ix_documents_bench", "documents")'),
        given="CREATE INDEX ix_documents_bench ON documents (url)",
    ),
    "unique constraint": Change(
        one('op.create_unique_constraint("uq_documents_bench", "documents", ["url"])'),
        one('op.create_unique_constraint_online("uq_documents_bench", "documents", ["url"])'),
    ),
    "foreign key": Change(
        one(
            'op.create_foreign_key("fk_documents_bench", "documents", "companies",'
            ' ["company_id"], ["id"])'
        ),
        one(
            'op.create_foreign_key_online("fk_documents_bench", "documents", "companies",'
            ' ["company_id"], ["id"])'
        ),
        given="ALTER TABLE documents DROP CONSTRAINT fk_documents_company_id_companies",
    ),
    "CHECK": Change(
        one(
            'op.create_check_constraint(op.f("ck_documents_bench"), "documents",'
            " \"url LIKE 'https://%'\")"
        ),
        one(
            'op.create_check_constraint_online(op.f("ck_documents_bench"), "documents",'
            " \"url LIKE 'https://%'\")"
        ),
    ),
    "NOT NULL": Change(
        one('op.alter_column("documents", "file_path", nullable=False)'),
        one('op.set_not_null_online("documents", "file_path")'),
    ),
    "add column": Change(
        one(
            'op.add_column("documents", sa.Column("bench", sa.Uuid(),'
            ' server_default=sa.text("gen_random_uuid()"), nullable=False))'
        ),
        one(
            'op.add_column_online("documents", sa.Column("bench", sa.Uuid(),'
            ' server_default=sa.text("gen_random_uuid()"), nullable=False))'
        ),
    ),
    "backfill": Change(
        one("op.execute(\"UPDATE documents SET bench = 'crawler' WHERE bench IS NULL\")"),
        one('op.batched_backfill("documents", {"bench": "\'crawler\'"}, "bench IS NULL")'),
        given="ALTER TABLE documents ADD COLUMN bench text,"
        " ALTER COLUMN bench SET DEFAULT 'crawler'",
    ),
    "change type": Change(
        one('op.alter_column("documents", "fiscal_year", type_=sa.BigInteger())'),
        recipe("Change a type and keep the name"),
    ),
    # Both ways are the same: their difference is the error of the measurement.
    "drop column": Change(
        one('op.drop_column("documents", "created_at")'),
        one('op.drop_column("documents", "created_at")'),
    ),
}
