"""The changes of a table of documents that are measured: the naive way, and ours."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.project import Project
from tests.recipes import add_revision, read_recipes

Layout = Callable[[Project], object]


def plain(upgrade: str) -> Layout:
    """Return what writes one revision whose `upgrade` has these lines."""
    return lambda project: project.add(upgrade)


def recipe(heading: str) -> Layout:
    """Return what writes the revisions of a recipe, as the page has them."""

    def lay_out(project: Project) -> None:
        for block in read_recipes()[heading]:
            if block.is_revision:
                add_revision(project, block)

    return lay_out


@dataclass(frozen=True)
class Change:
    """One change of the table, in two ways that end the same.

    Attributes:
        naive: writes the revision that comes to mind first.
        ours: writes the revisions that nobody notices.
        given: SQL that is run before either, so that there is something to change.
    """

    naive: Layout
    ours: Layout
    given: str = ""


# No name here is one of the project's own, but where a change takes one of them away.
CHANGES = {
    "create index": Change(
        plain('op.create_index("ix_documents_bench", "documents", ["url"])'),
        plain('op.create_index_online("ix_documents_bench", "documents", ["url"])'),
    ),
    "drop index": Change(
        plain('op.drop_index("ix_documents_bench", "documents")'),
        plain('op.drop_index_online("ix_documents_bench", "documents")'),
        given="CREATE INDEX ix_documents_bench ON documents (url)",
    ),
    "unique constraint": Change(
        plain('op.create_unique_constraint("uq_documents_bench", "documents", ["url"])'),
        plain('op.create_unique_constraint_online("uq_documents_bench", "documents", ["url"])'),
    ),
    "foreign key": Change(
        plain(
            'op.create_foreign_key("fk_documents_bench", "documents", "companies",'
            ' ["company_id"], ["id"])'
        ),
        plain(
            'op.create_foreign_key_online("fk_documents_bench", "documents", "companies",'
            ' ["company_id"], ["id"])'
        ),
        given="ALTER TABLE documents DROP CONSTRAINT fk_documents_company_id_companies",
    ),
    "CHECK": Change(
        plain(
            'op.create_check_constraint(op.f("ck_documents_bench"), "documents",'
            " \"url LIKE 'https://%'\")"
        ),
        plain(
            'op.create_check_constraint_online(op.f("ck_documents_bench"), "documents",'
            " \"url LIKE 'https://%'\")"
        ),
    ),
    "NOT NULL": Change(
        plain('op.alter_column("documents", "file_path", nullable=False)'),
        plain('op.set_not_null_online("documents", "file_path")'),
    ),
    "add column": Change(
        plain(
            'op.add_column("documents", sa.Column("bench", sa.Uuid(),'
            ' server_default=sa.text("gen_random_uuid()"), nullable=False))'
        ),
        plain(
            'op.add_column_online("documents", sa.Column("bench", sa.Uuid(),'
            ' server_default=sa.text("gen_random_uuid()"), nullable=False))'
        ),
    ),
    "backfill": Change(
        plain("op.execute(\"UPDATE documents SET bench = 'crawler' WHERE bench IS NULL\")"),
        plain('op.batched_backfill("documents", {"bench": "\'crawler\'"}, "bench IS NULL")'),
        given="ALTER TABLE documents ADD COLUMN bench text,"
        " ALTER COLUMN bench SET DEFAULT 'crawler'",
    ),
    "change type": Change(
        plain('op.alter_column("documents", "fiscal_year", type_=sa.BigInteger())'),
        recipe("Change a type and keep the name"),
    ),
    # Both ways are the same: what they differ by is what measuring is worth.
    "drop column": Change(
        plain('op.drop_column("documents", "created_at")'),
        plain('op.drop_column("documents", "created_at")'),
    ),
}
