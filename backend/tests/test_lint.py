"""What hurts is found in a revision, where it stands; what only looks like it is not."""

from pathlib import Path

import pytest

from app.db.lint.finding import Finding
from app.db.lint.report import Report, lint
from app.db.lint.rules import OF_SQUAWK, RULES
from tests import lint_cases
from tests.lint_cases import Row
from tests.shell import BACKEND, run
from tests.unsafe import SAFE, UNSAFE

TEMPLATE = BACKEND / "alembic" / "script.py.mako"
REFUSAL = "raise ValueError('what is gone is gone')"
REVISION = '''"""Add a probe.

Shows what the lint says.

Revision ID: 001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "001"
down_revision: str | None = None
{declarations}

def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''
UPGRADE = 17  # the line of its first statement, without declarations
FOUND = [Row(case.name, case.upgrade, case.lint) for case in UNSAFE if case.lint]
FOUND += [*lint_cases.OF_SQUAWK, *lint_cases.OF_STATEMENTS]
HARMLESS = [*(Row(case.name, case.upgrade) for case in SAFE), *lint_cases.HARMLESS]


class Bench:
    """A folder with one revision."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "alembic" / "versions" / "001_add_probe.py"
        self.path.parent.mkdir(parents=True)
        (folder / "alembic" / TEMPLATE.name).write_bytes(TEMPLATE.read_bytes())
        (self.path.parent / "head.txt").write_text("001_add_probe\n")

    def lint(self, source: str) -> Report:
        self.path.write_text(source, encoding="utf-8")
        return lint(self.path.parent, everything=True)

    def find(
        self, upgrade: str, downgrade: str = REFUSAL, declarations: str = ""
    ) -> list[tuple[str, int]]:
        """Return rule and line of what is found in a revision that does this."""
        report = self.lint(write(upgrade, downgrade, declarations))
        return in_short(report.findings)


def write(upgrade: str, downgrade: str = REFUSAL, declarations: str = "") -> str:
    return REVISION.format(
        upgrade="\n    ".join(upgrade.splitlines()),
        downgrade="\n    ".join(downgrade.splitlines()),
        declarations=declarations,
    )


def in_short(findings: tuple[Finding, ...]) -> list[tuple[str, int]]:
    return [(finding.rule.name, finding.line) for finding in findings]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("row", FOUND, ids=lambda row: row.name)
def test_what_hurts_is_found(bench: Bench, row: Row) -> None:
    found = bench.find(row.upgrade, declarations=row.declarations)
    assert row.rule in {rule for rule, _ in found}
    last = UPGRADE + len(row.upgrade.splitlines())
    assert all(UPGRADE <= line <= last for _, line in found)


@pytest.mark.parametrize("row", HARMLESS, ids=lambda row: row.name)
def test_what_hurts_nobody_is_not(bench: Bench, row: Row) -> None:
    assert bench.find(row.upgrade, declarations=row.declarations) == []


def test_unsafe_and_safe_revisions_are_enough() -> None:
    assert len([case for case in UNSAFE if case.lint]) >= 20
    assert len(SAFE) >= 10


def test_every_rule_about_sql_has_a_revision_that_breaks_it() -> None:
    of_code = {"docstring", "downgrade", "exception", "head-file", "imports-app", "numbering"}
    assert {row.rule for row in FOUND} | of_code == RULES.keys()


def test_squawk_knows_the_rules_that_are_named_after_its_own() -> None:
    names = ",".join({rule.name for rule in OF_SQUAWK} - {"syntax-error"})
    done = run("squawk", "--exclude", names, stdin="SELECT 1;")
    assert done.returncode == 0, done.stderr


def test_own_revisions_are_clean() -> None:
    report = lint(BACKEND / "alembic" / "versions", everything=True)
    assert in_short(report.findings) == []
    assert len(report.checked) == report.total


def test_a_finding_names_the_line_that_calls_for_the_statement(bench: Bench) -> None:
    source = write('fill("documents")\nfill("extractions")', "pass")
    source += '\n\ndef fill(table):\n    op.execute(\n        f"DELETE FROM {table}"\n    )\n'
    lines = source.splitlines()
    findings = [each for each in bench.lint(source).findings if each.rule.name == "unbatched-write"]
    assert [lines[each.line - 1].strip() for each in findings] == ["op.execute("] * 2
    assert [each.what for each in findings] == ["DELETE FROM documents", "DELETE FROM extractions"]


def test_a_foreign_key_is_one_finding(bench: Bench) -> None:
    upgrade = 'op.create_foreign_key("fk_t_u", "t", "u", ["u_id"], ["id"])'
    assert bench.find(upgrade) == [("adding-foreign-key-constraint", UPGRADE)]


def test_a_rule_that_squawk_is_first_to_know_is_said_in_its_words(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(RULES, "ban-drop-view")
    (finding,) = bench.lint(write('op.execute("DROP VIEW v")')).findings
    assert finding.rule.name == "ban-drop-view"
    assert "may break existing" in finding.rule.why


@pytest.mark.parametrize(
    ("old", "new", "rule", "what"),
    [
        ("import sqlalchemy as sa", "from app.db.base import Base", "imports-app", "app.db.base"),
        ("import sqlalchemy as sa", "from . import sibling", "imports-app", "it imports ."),
        ("import sqlalchemy as sa", "import config", "imports-app", "it imports config"),
        ("pass", "import rich.table", "imports-app", "it imports rich.table"),
        ('"""Add a probe', '"" + """Add a probe', "docstring", "no docstring"),
        ("Shows what the lint says.\n\n", "", "docstring", "no more than 'Add a probe.'"),
        (
            "Shows what the lint says.",
            "Say here what this revision changes and why, and what it locks.",
            "docstring",
            "what the template says",
        ),
        ("Revision ID: 001\n", "", "docstring", "'Revision ID:' does not say 001"),
        ("Revises:\n", "Revises: 002\n", "docstring", "'Revises:' does not say none"),
        ('str = "001"', 'str = "002"', "numbering", "the number 002, and its place is 001"),
        ('str = "001"', 'str = "1"', "numbering", "begin with 1_"),
        ("None = None", 'None = "000"', "numbering", "it follows 000, and not none"),
        ("import sqlalchemy", "import no_such_package, sqlalchemy", "offline-sql", "be loaded"),
    ],
)
def test_the_code_of_a_revision_is_looked_at(
    bench: Bench, old: str, new: str, rule: str, what: str
) -> None:
    source = write("pass", "pass")
    assert bench.lint(source).findings == ()
    assert old in source
    findings = bench.lint(source.replace(old, new, 1)).findings
    assert [each for each in findings if each.rule.name == rule and what in each.what], findings


def test_a_second_sentence_in_the_first_line_will_do(bench: Bench) -> None:
    source = write("pass", "pass").replace("Shows what the lint says.\n\n", "")
    assert bench.lint(source.replace("a probe.", "a probe: it shows the lint.")).findings == ()


@pytest.mark.parametrize("text", [None, "", "000_other\n", "001_add_probe\n002_other\n"])
def test_the_head_file_is_compared(bench: Bench, text: str | None) -> None:
    head = bench.path.parent / "head.txt"
    head.unlink() if text is None else head.write_text(text)
    (finding,) = bench.lint(write("pass", "pass")).findings
    assert (finding.rule.name, finding.path) == ("head-file", head)
    assert finding.what.endswith("and the newest is 001_add_probe")


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "what"),
    [
        ('op.execute("INSERT INTO t VALUES (1)")', "pass", "downgrade() nothing"),
        ('op.execute("INSERT INTO t VALUES (1)")', "raise ValueError", "without a reason"),
        ('op.execute("INSERT INTO t VALUES (1)")', "raise ValueError('they are used')", None),
        ('op.execute("INSERT INTO t VALUES (1)")', 'op.execute("DELETE FROM t")', None),
        ('op.add_column("t", sa.Column("a", sa.Text()))', 'op.drop_column("t", "b")', "a is made"),
        ('op.add_column("t", sa.Column("a", sa.Text()))', 'op.drop_column("t", "a")', None),
        ('op.create_table("T", sa.Column("a", sa.Text()))', 'op.drop_table("u")', "t is made"),
        (
            'op.create_table("t", sa.Column("a", sa.Text()))\nop.create_index("ix_a", "t", ["a"])',
            'op.drop_table("t")',
            None,
        ),
        ('op.create_index_online("ix_a", "t", ["a"])', 'op.drop_index_online("ix_b", "t")', "ix_a"),
        ('op.create_index_online("ix_a", "t", ["a"])', 'op.drop_index_online("ix_a", "t")', None),
        (
            'op.create_unique_constraint_online("uq_a", "t", ["a"])',
            'op.drop_constraint("uq_a", "t")',
            None,
        ),
        (
            'op.set_not_null_online("t", "a")',
            'op.alter_column("t", "a", nullable=True)',
            None,
        ),
        (
            'op.execute("ALTER TABLE t ADD a text, ADD COLUMN b text")',
            'op.execute("ALTER TABLE t DROP COLUMN a")',
            "b is made",
        ),
        (
            'op.execute("ALTER TABLE t ADD a text, ADD COLUMN b text")',
            'op.execute("ALTER TABLE t DROP COLUMN a, DROP COLUMN b")',
            None,
        ),
        ('op.execute("CREATE VIEW v AS SELECT 1")', 'op.execute("DROP VIEW u")', "v is made"),
        (
            'op.execute("CREATE VIEW v AS SELECT 1")',
            'op.execute("DO $$ BEGIN DROP VIEW public.v; END $$")',
            None,
        ),
    ],
)
def test_a_downgrade_reverses_or_says_why_not(
    bench: Bench, upgrade: str, downgrade: str, what: str | None
) -> None:
    findings = bench.lint(write(upgrade, downgrade)).findings
    said = [each.what for each in findings if each.rule.name == "downgrade"]
    assert [words for words in said if what and what in words] == said
    assert bool(said) == bool(what)


def test_a_revision_without_a_downgrade_is_found(bench: Bench) -> None:
    source = write('op.execute("INSERT INTO t VALUES (1)")').partition("def downgrade")[0]
    assert in_short(bench.lint(source).findings) == [("downgrade", UPGRADE)]
