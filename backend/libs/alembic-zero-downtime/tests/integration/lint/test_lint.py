"""The lint finds unsafe changes at their lines, and nothing in similar safe revisions."""

import socket
from pathlib import Path

import pytest
from alembic.config import Config

from alembic_zero_downtime.lint.linter import lint
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from project.definition import PROJECT
from support.lint_cases import CLEAN, VIOLATIONS, Row
from support.lint_revisions import UPGRADE, Linter, in_short, write


@pytest.fixture
def linter(tmp_path: Path) -> Linter:
    return Linter(tmp_path)


@pytest.mark.parametrize("row", VIOLATIONS, ids=lambda row: row.name)
def test_violation_is_found_at_its_line(linter: Linter, row: Row) -> None:
    found = linter.find(row.upgrade, declarations=row.declarations)
    assert row.rule in {rule for rule, _ in found}
    last = UPGRADE + len(row.upgrade.splitlines())
    assert all(UPGRADE <= line <= last for _, line in found)


@pytest.mark.parametrize("row", CLEAN, ids=lambda row: row.name)
def test_similar_safe_revision_has_no_finding(linter: Linter, row: Row) -> None:
    assert linter.find(row.upgrade, declarations=row.declarations) == []


def test_revisions_of_the_project_are_clean() -> None:
    report = lint(MigrationEnvironment(PROJECT, Config(PROJECT.config_file)), everything=True)
    assert in_short(report.findings) == []
    assert len(report.checked) == report.total


def test_finding_names_the_line_of_op(linter: Linter) -> None:
    source = write('fill("documents")\nfill("extractions")', "pass")
    source += '\n\ndef fill(table):\n    op.execute(\n        f"DELETE FROM {table}"\n    )\n'
    lines = source.splitlines()
    findings = [
        each for each in linter.lint(source).findings if each.rule.name == "unbatched-write"
    ]
    assert [lines[each.line - 1].strip() for each in findings] == ["op.execute("] * 2
    assert [each.message for each in findings] == [
        "DELETE FROM documents",
        "DELETE FROM extractions",
    ]


def test_foreign_key_is_one_finding(linter: Linter) -> None:
    upgrade = 'op.create_foreign_key("fk_t_u", "t", "u", ["u_id"], ["id"])'
    assert linter.find(upgrade) == [("adding-foreign-key-constraint", UPGRADE)]


def test_parts_of_sql_built_at_run_time_are_not_checked(linter: Linter) -> None:
    block = "DO $$ BEGIN EXECUTE format($f$CREATE INDEX %I ON %I (x)$f$, a, b); END $$"
    (finding,) = linter.lint(write(f"op.execute({block!r})")).findings
    assert (finding.rule.name, finding.line) == ("dynamic-sql", UPGRADE)
    assert finding.message == "BEGIN EXECUTE format($f$CREATE INDEX %I ON %I (x)$f$, a, b)"


def test_rule_that_only_squawk_has_keeps_the_texts_of_squawk(
    linter: Linter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(RULES, "ban-drop-view")
    (finding,) = linter.lint(write('op.execute("DROP VIEW v")')).findings
    assert finding.rule.name == "ban-drop-view"
    assert "may break existing" in finding.rule.why


def test_new_table_that_squawk_cannot_parse_is_new_all_the_same(linter: Linter) -> None:
    upgrade = 'op.execute("CREATE TABLE t (x text) NEWER SYNTAX")\nop.create_index("i", "t", ["x"])'
    assert linter.find(upgrade) == [("syntax-error", UPGRADE)]


@pytest.mark.parametrize(
    ("old", "new", "rule", "message"),
    [
        (
            "import sqlalchemy as sa",
            "from project.models import metadata",
            "imports-app",
            "it imports project.models",
        ),
        ("import sqlalchemy as sa", "from . import sibling", "imports-app", "it imports ."),
        ("import sqlalchemy as sa", "import project", "imports-app", "it imports project"),
        ("pass", "import rich.table", "imports-app", "it imports rich.table"),
        ('"""Add a probe', '"" + """Add a probe', "docstring", "no docstring"),
        (
            "Shows the findings of the lint.\n\n",
            "",
            "docstring",
            "no description beyond 'Add a probe.'",
        ),
        (
            "Shows the findings of the lint.",
            "Describe here the change, its reason and the locks that it takes.",
            "docstring",
            "the placeholder text of the template",
        ),
        ("Revision ID: 001\n", "", "docstring", "'Revision ID:' is not 001"),
        ("Revises:\n", "Revises: 002\n", "docstring", "'Revises:' is not none"),
        ('str = "001"', 'str = "002"', "numbering", "its id is 002, and its position is 001"),
        ('str = "001"', 'str = "1"', "numbering", "begin with 1_"),
        ("None = None", 'None = "000"', "numbering", "down_revision is 000 instead of none"),
        ("import sqlalchemy", "import no_such_package, sqlalchemy", "offline-sql", "be loaded"),
    ],
)
def test_source_code_of_a_revision_is_checked(
    linter: Linter, old: str, new: str, rule: str, message: str
) -> None:
    source = write("pass", "pass")
    assert linter.lint(source).findings == ()
    assert old in source
    findings = linter.lint(source.replace(old, new, 1)).findings
    assert [each for each in findings if each.rule.name == rule and message in each.message], (
        findings
    )


def test_second_sentence_in_the_first_line_is_a_description(linter: Linter) -> None:
    source = write("pass", "pass").replace("Shows the findings of the lint.\n\n", "")
    assert linter.lint(source.replace("a probe.", "a probe: it shows the lint.")).findings == ()


@pytest.mark.parametrize("text", [None, "", "000_other\n", "001_add_probe\n002_other\n"])
def test_head_file_is_compared(linter: Linter, text: str | None) -> None:
    head = linter.path.parent / "head.txt"
    head.unlink() if text is None else head.write_text(text)
    (finding,) = linter.lint(write("pass", "pass")).findings
    assert (finding.rule.name, finding.path) == ("head-file", head)
    assert finding.message.endswith("and the head is 001_add_probe")


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "message"),
    [
        ('op.execute("INSERT INTO t VALUES (1)")', "pass", "downgrade() makes none"),
        (
            """op.execute('ALTER TABLE t ADD COLUMN "primary" bigint')""",
            """op.execute('ALTER TABLE t DROP COLUMN "primary"')""",
            None,
        ),
        ('op.execute("INSERT INTO t VALUES (1)")', "raise ValueError", "without a reason"),
        ('op.execute("INSERT INTO t VALUES (1)")', "raise ValueError('they are used')", None),
        ('op.execute("INSERT INTO t VALUES (1)")', 'op.execute("DELETE FROM t")', None),
        (
            'op.add_column("t", sa.Column("a", sa.Text()))',
            'op.drop_column("t", "b")',
            "a is created here",
        ),
        ('op.add_column("t", sa.Column("a", sa.Text()))', 'op.drop_column("t", "a")', None),
        (
            'op.create_table("T", sa.Column("a", sa.Text()))',
            'op.drop_table("u")',
            "t is created here",
        ),
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
            "b is created here",
        ),
        (
            'op.execute("ALTER TABLE t ADD a text, ADD COLUMN b text")',
            'op.execute("ALTER TABLE t DROP COLUMN a, DROP COLUMN b")',
            None,
        ),
        (
            'op.execute("CREATE VIEW v AS SELECT 1")',
            'op.execute("DROP VIEW u")',
            "v is created here",
        ),
        (
            'op.execute("CREATE VIEW v AS SELECT 1")',
            'op.execute("DO $$ BEGIN DROP VIEW public.v; END $$")',
            None,
        ),
    ],
)
def test_downgrade_reverts_or_gives_a_reason(
    linter: Linter, upgrade: str, downgrade: str, message: str | None
) -> None:
    findings = linter.lint(write(upgrade, downgrade)).findings
    found = [each.message for each in findings if each.rule.name == "downgrade"]
    assert [each for each in found if message and message in each] == found
    assert bool(found) == bool(message)


def test_missing_downgrade_is_found(linter: Linter) -> None:
    source = write('op.execute("INSERT INTO t VALUES (1)")').partition("def downgrade")[0]
    assert in_short(linter.lint(source).findings) == [("downgrade", UPGRADE)]


EFFECTS = {
    "writes a file": "__import__('pathlib').Path({path!r}).write_text('x')",
    "appends to a file": "open({path!r}, 'a').close()",
    "opens a file descriptor": "os.open({path!r}, os.O_CREAT | os.O_WRONLY)",
    "deletes a file": "os.remove({kept!r})",
    "moves a file": "__import__('shutil').move({kept!r}, {path!r})",
    "deletes a folder": "__import__('shutil').rmtree(os.path.dirname({kept!r}))",
    "creates a folder": "os.makedirs({path!r})",
    "links a file": "os.symlink({kept!r}, {path!r})",
    "runs a program": "__import__('subprocess').run(['touch', {path!r}])",
    "runs a shell": "os.system('touch ' + {path!r})",
    "forks": "os.fork() or (os.system('touch ' + {path!r}), os._exit(0))",
    "connects to another server": "__import__('socket').create_connection(('127.0.0.1', {port}))",
    "asks a name server": "__import__('socket').gethostbyname('localhost')",
    "connects by an engine": "sa.create_engine('postgresql+psycopg2://h:{port}/d').connect()",
    "connects by a driver": "__import__('psycopg2').connect('host=127.0.0.1 port={port}')",
    "catches the error": (
        "\nfor _ in range(1):\n    try:\n        os.remove({kept!r})\n"
        "    except Exception:\n        pass"
    ),
}


@pytest.mark.parametrize("function", ["upgrade", "downgrade"])
@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_effect_of_a_revision_is_refused_and_reported(
    effect: str, function: str, linter: Linter, tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    path, kept = tmp_path / "written", tmp_path / "kept" / "file"
    kept.touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        line = effect.format(path=str(path), kept=str(kept), port=server.getsockname()[1])
        functions = {"upgrade": "op.execute('SELECT 1')", "downgrade": "pass", function: line}
        report = linter.lint(write(**functions, declarations="import os"))
        with pytest.raises(BlockingIOError):
            server.accept()
    assert kept.exists()
    assert not path.exists()
    (finding,) = (each for each in report.findings if each.rule.name == "offline-sql")
    assert finding.message.startswith("not rendered, as it ")
    source = linter.path.read_text(encoding="utf-8").splitlines()
    assert any(name in source[finding.line - 1] for name in ("os.", "import", "open", "engine"))


def test_effect_at_the_top_of_a_revision_is_refused(linter: Linter, tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    remove = f"os.remove({str(tmp_path / 'kept')!r})"
    report = linter.lint(write("op.execute('DROP TABLE t')", declarations=f"import os\n{remove}"))
    assert (tmp_path / "kept").exists()
    found = {each.rule.name: each.message for each in report.findings}
    assert found["offline-sql"].startswith("not rendered, as it calls os.remove")
    assert "ban-drop-table" in found


def test_revision_may_read_and_import(linter: Linter) -> None:
    upgrade = (
        "import colorsys\n"
        "import pathlib\n"
        "text = pathlib.Path(__file__).read_text(encoding='utf-8')\n"
        "list(pathlib.Path(__file__).parent.iterdir())\n"
        "op.execute('COMMENT ON TABLE documents IS ' + repr(text[:3] and colorsys.__name__))"
    )
    assert linter.find(upgrade) == []


def test_effects_are_possible_after_a_lint(linter: Linter, tmp_path: Path) -> None:
    linter.find("open('/nowhere', 'w')")
    (tmp_path / "file").write_text("x")
    assert (tmp_path / "file").read_text() == "x"
