"""A section of alembic.ini gives rules of the lint another level, with a reason."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.lint.linter import check_files
from alembic_zero_downtime.lint.rules import RULES
from support.project import IDS, ProjectCopy
from support.shell import Done

UNREACHABLE = make_url("postgresql://user:password@127.0.0.1:1/none")
DROP = 'op.execute("DROP TABLE documents")'
VARCHAR = 'op.add_column("documents", sa.Column("title", sa.String(200)))'
REASON = "the tables are temporary"
SECTION = "\n[alembic-zero-downtime:lint]\n"
SETTING = "alembic-zero-downtime: alembic.ini [alembic-zero-downtime:lint] "


@pytest.fixture
def lint(project: ProjectCopy, manage: Callable[..., Done]) -> Callable[..., Done]:
    """Return the lint of all revisions, with these lines in the section."""
    env = project.ini.parent / "alembic" / "env.py"
    env.write_text(
        "from dataclasses import replace\n\n"
        "from alembic_zero_downtime import run\nfrom project.definition import PROJECT\n\n"
        "run(replace(PROJECT, docstrings=False, head_file=False))\n"
    )
    before = project.ini.read_text()

    def call(settings: str, *arguments: str, section: str = SECTION) -> Done:
        project.ini.write_text(f"{before}{section}{settings}")
        return manage(UNREACHABLE, "lint", "--all", *arguments, ini=project.ini)

    return call


def add(project: ProjectCopy, upgrade: str) -> Path:
    return project.path_of(project.add(upgrade, "raise ValueError('the rows are lost')"))


def test_rule_that_is_off_has_no_finding_and_is_reported(
    lint: Callable[..., Done], project: ProjectCopy
) -> None:
    add(project, DROP)
    assert lint("").returncode == Exit.FLAGGED
    done = lint(f"ban-drop-table = off: {REASON}\ntruncate = off: it is\n  a cache\n")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert done.stdout.splitlines() == [
        f"Off in alembic.ini: ban-drop-table: {REASON} (1 finding not shown)",
        "Off in alembic.ini: truncate: it is a cache",
        f"Checked {len(IDS) + 1} of {len(IDS) + 1} revisions: no findings.",
    ]
    answer = json.loads(lint(f"ban-drop-table = off: {REASON}", "--json").stdout)
    assert answer["off"] == [{"rule": "ban-drop-table", "reason": REASON, "hidden": 1}]
    assert answer["findings"] == []


@pytest.mark.parametrize("name", ["downgrade", "numbering", "offline-sql", "one-table"])
def test_rules_of_every_kind_can_be_off(
    lint: Callable[..., Done], project: ProjectCopy, name: str
) -> None:
    path = add(
        project,
        'op.add_column("companies", sa.Column("a", sa.Text()))\n'
        'op.add_column("documents", sa.Column("a", sa.Text()))\nop.get_bind()',
    )
    source = path.read_text().replace("raise ValueError('the rows are lost')", "pass")
    path.with_name(f"9{path.name}").write_text(source)
    path.unlink()
    found = {each["rule"] for each in json.loads(lint("", "--json").stdout)["findings"]}
    assert name in found
    answer = json.loads(lint(f"{name} = off: {REASON}", "--json").stdout)
    assert {each["rule"] for each in answer["findings"]} == found - {name}


def test_suppression_of_a_rule_that_is_off_stays_valid(
    lint: Callable[..., Done], project: ProjectCopy
) -> None:
    path = add(project, DROP)
    comment = "# migrate-lint: allow ban-drop-table: no release reads it\n"
    path.write_text(f"{comment}{path.read_text()}")
    done = lint(f"ban-drop-table = off: {REASON}")
    assert done.returncode == Exit.OK, done.stdout


def test_warning_does_not_fail_the_lint(lint: Callable[..., Done], project: ProjectCopy) -> None:
    add(project, VARCHAR)
    done = lint("")
    assert done.returncode == Exit.OK
    assert ": prefer-text-field (warning): ALTER TABLE documents ADD COLUMN" in done.stdout
    assert done.stdout.endswith(" revisions: 1 finding (1 warning).\n")
    done = lint("prefer-text-field = error", "--json")
    assert done.returncode == Exit.FLAGGED
    assert json.loads(done.stdout)["findings"][0]["severity"] == "error"


def test_error_can_be_a_warning(lint: Callable[..., Done], project: ProjectCopy) -> None:
    add(project, DROP)
    done = lint(f"ban-drop-table = Warning: {REASON}")
    assert done.returncode == Exit.OK
    assert ": ban-drop-table (warning): " in done.stdout


def test_serial_column_of_an_existing_table_is_an_error(
    lint: Callable[..., Done], project: ProjectCopy
) -> None:
    add(project, 'op.execute("ALTER TABLE documents ADD COLUMN number bigserial")')
    findings = json.loads(lint("", "--json").stdout)["findings"]
    assert {each["rule"]: each["severity"] for each in findings} == {
        "adding-field-with-default": "error",
        "prefer-identity": "warning",
    }


@pytest.mark.parametrize(
    ("columns", "rules"),
    [
        ("ADD a int GENERATED ALWAYS AS (id * 2) VIRTUAL", set[str]()),
        ("ADD a int GENERATED ALWAYS AS (id * 2)", set[str]()),
        ("ADD a int GENERATED ALWAYS AS (id * 2) STORED", {"adding-field-with-default"}),
        ("ADD a int GENERATED ALWAYS AS (id * 2) VIRTUAL NOT NULL", {"adding-field-with-default"}),
        (
            "ADD a int GENERATED ALWAYS AS (id * 2) VIRTUAL, ADD b uuid DEFAULT gen_random_uuid()",
            {"adding-field-with-default"},
        ),
        ("ADD a bigint GENERATED ALWAYS AS IDENTITY", {"adding-field-with-default"}),
    ],
)
def test_virtual_column_rewrites_nothing(
    lint: Callable[..., Done], project: ProjectCopy, columns: str, rules: set[str]
) -> None:
    add(project, f'op.execute("ALTER TABLE documents {columns}")')
    findings = json.loads(lint("", "--json").stdout)["findings"]
    assert {each["rule"] for each in findings} == rules


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ban-drop-tabel = off: it", "there is no such rule: did you mean ban-drop-table"),
        ("xyz = off: it", "there is no such rule: lint-rules.md lists all"),
        ("truncate = off", "a reason is missing: off: <reason>"),
        ("truncate = off:", "a reason is missing: off: <reason>"),
        ("truncate = warning", "a reason is missing: warning: <reason>"),
        ("truncate = on: it", "the level is one of off, error, warning"),
        ("truncate =", "the level is one of off, error, warning"),
        ("exception = off: it", "cannot be switched off, since it checks the suppressions"),
        ("syntax-error = off: it", "cannot be switched off, since it names the statements"),
        ("dynamic-sql = off: it", "cannot be switched off, since it names the SQL"),
        ("require-table-schema = off: it", "the lint never runs this rule of squawk (the search"),
        ("docstring = error", "an option of the project in env.py: Project(docstrings=True)"),
        ("truncate = off: 5% of the rows", "has a single '%': write it as %%"),
    ],
)
def test_wrong_setting_is_one_line(lint: Callable[..., Done], line: str, message: str) -> None:
    done = lint(line)
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    assert done.stderr.startswith(SETTING)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("\n[alembic-zero-downtime:lnt]\n", "no section [alembic-zero-downtime:lnt], only [al"),
        ("\n[alembic_zero_downtime:lint]\n", "no section [alembic_zero_downtime:lint], only [al"),
        (f"{SECTION}truncate = error\n", "option 'truncate' in section"),
        (f"{SECTION}{SECTION}", "section 'alembic-zero-downtime:lint' already exists"),
        (f"{SECTION}truncate\n", "parsing errors"),
    ],
)
def test_wrong_section_is_one_line(lint: Callable[..., Done], section: str, message: str) -> None:
    done = lint("truncate = error\n", section=section)
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_rule_that_only_squawk_has_can_be_off(
    lint: Callable[..., Done], project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(RULES, "ban-drop-table")
    add(project, DROP)
    assert lint("").returncode == Exit.FLAGGED
    assert lint(f"ban-drop-table = off: {REASON}").returncode == Exit.OK


def test_configuration_of_squawk_switches_nothing_off(
    lint: Callable[..., Done], project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(project, DROP)
    (project.ini.parent / ".squawk.toml").write_text('excluded_rules = ["ban-drop-table"]\n')
    monkeypatch.chdir(project.ini.parent)
    assert lint("").returncode == Exit.FLAGGED


def test_files_outside_of_the_history_are_checked_with_the_settings(
    lint: Callable[..., Done], project: ProjectCopy, tmp_path: Path
) -> None:
    lint(f"truncate = off: {REASON}")
    added = add(project, f'{DROP}\nop.execute("TRUNCATE companies")\n{VARCHAR}')
    comment = "# migrate-lint: allow prefer-text-field: a code of the tax office\n"
    draft = tmp_path / "draft.py"
    draft.write_text(f"{comment}{added.read_text()}")
    added.unlink()
    findings = check_files(project.environment, [draft])
    assert {(each.path, each.rule.name) for each in findings} == {
        (draft, "ban-drop-table"),
        (draft, "docstring"),
        (draft, "schema-and-data"),
    }
