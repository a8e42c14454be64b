"""The lint names the code that it has not looked at, and goes on behind it."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from project.definition import PROJECT
from support.lint_revisions import UPGRADE, Linter, write

READ = 'x = op.get_bind().scalar(sa.text("SELECT 1"))\n'
DROP = 'op.drop_column("t", "a")'

ON_STAND_INS = {
    "a loop until a page is empty": (
        'found = op.get_bind().execute(sa.text("SELECT 1"))\n'
        "while rows := found.fetchmany(100):\n    print(rows)\n"
    ),
    "a recursion": (
        "def walk(parent):\n"
        '    row = op.get_bind().execute(sa.text("SELECT 1"), {"parent": parent}).first()\n'
        "    if row.parent is not None:\n        walk(row.parent)\n"
        "walk(1)\n"
    ),
    "unpacking the rest": f"{READ}first, *rest = x\n",
    "a function of each row": (
        'rows = op.get_bind().execute(sa.text("SELECT a FROM t"))\n'
        'list(map(lambda row: op.execute("TRUNCATE t"), rows))\n'
    ),
    "a number in a text": f'{READ}op.execute("SELECT %d" % x + " AND {{:d}}".format(x))\n',
    "a question": f'{READ}if input(f"drop {{x}}? ") != "y":\n    return\n',
    "an exit": f"{READ}if x:\n    raise SystemExit(1)\n",
    "a pause": f"{READ}import time\ntime.sleep(3600)\n",
    "a loop until a row is None": (
        'found = op.get_bind().execute(sa.text("SELECT 1"))\n'
        "while True:\n    row = found.fetchone()\n    if row is None:\n        break\n"
    ),
    "a loop that catches each error": (
        f"while True:\n    try:\n        {READ.strip()}\n        if x is not None:\n"
        "            break\n    except Exception:\n        continue\n"
    ),
    "a part of the rows": (
        'rows = list(op.get_bind().execute(sa.text("SELECT a FROM t")))\n'
        'for row in [each.a for each in rows][1:]:\n    op.execute("TRUNCATE t")\n'
    ),
    "batches of a list": (
        'ids = [row.id for row in op.get_bind().execute(sa.text("SELECT id FROM t"))]\n'
        "while ids:\n    batch, ids = ids[:100], ids[100:]\n"
    ),
    "a function in a dictionary": (
        f'{READ}{{"a": lambda: None, "b": lambda: op.execute("TRUNCATE t")}}[x]()\n'
    ),
    "a function in a dictionary, or another": (
        f'{READ}{{"a": print}}.get(x, lambda: op.execute("TRUNCATE t"))()\n'
    ),
    "a list with a rest": (
        'rows = list(op.get_bind().execute(sa.text("SELECT a FROM t")))\n'
        "first, *rest = [each.a for each in rows] or (1, 2)\n"
        'for _ in rest:\n    op.execute("TRUNCATE t") if _ != 2 else None\n'
    ),
    "texts that are joined": (
        'rows = op.get_bind().execute(sa.text("SELECT a FROM t")).all()\n'
        'op.execute("TRUNCATE " + ", ".join(str(row.a) for row in rows))\n'
    ),
    "a context manager": f"{READ}import contextlib\nwith contextlib.closing(x):\n    pass\n",
}


@pytest.fixture
def linter(tmp_path: Path) -> Linter:
    return Linter(tmp_path)


@pytest.mark.parametrize("code", ON_STAND_INS.values(), ids=ON_STAND_INS)
def test_code_behind_a_stand_in_is_looked_at(linter: Linter, code: str) -> None:
    report = linter.lint(write(code + DROP))
    found = {finding.rule.name for finding in report.findings}
    assert "ban-drop-column" in found
    assert ("truncate" in found) is ("TRUNCATE" in code)
    assert "unseen-code" not in found


FAILING = {
    "a function that cannot be imported": (
        "import no_app\nno_app.fill(op)",
        "it calls no_app.fill, which cannot be imported",
        UPGRADE + 1,
    ),
    "a function by a name that is read": (
        f'{READ}globals()["to_" + x]()',
        "it needs a value of the database (KeyError: 'to_unknown_value'",
        UPGRADE + 1,
    ),
    "an operation by a name that is read": (
        f'{READ}getattr(op, x)("t", "a")',
        "it needs a value of the database (LookupError: alembic.op.unknown_value",
        UPGRADE + 1,
    ),
    "a loop on a text that does not end": (
        'while f"{op.get_bind().scalar(sa.text(str(1)))}" != "done":\n    pass',
        "from this line on: a loop did not end after",
        UPGRADE,
    ),
    "a loop that does not end": (
        f'{READ}while f"{{x}}" != "done":\n    if x:\n        continue',
        "from this line on: a loop did not end",
        UPGRADE + 2,
    ),
}


@pytest.mark.parametrize(("code", "message", "line"), FAILING.values(), ids=FAILING)
def test_code_that_was_not_looked_at_is_named(
    linter: Linter, code: str, message: str, line: int
) -> None:
    findings = linter.lint(write(f"{code}\n{DROP}")).findings
    (unseen,) = (each for each in findings if each.rule.name == "unseen-code")
    assert (unseen.line, message in unseen.message) == (line, True), unseen.message


def test_conditions_that_do_not_depend_on_each_other_are_all_seen(linter: Linter) -> None:
    conditions = (f"if x.a{number}:\n    op.drop_column('t', 'a{number}')" for number in range(99))
    report = linter.lint(write(READ + "\n".join(conditions)))
    found = [finding.rule.name for finding in report.findings]
    assert found.count("ban-drop-column") == 99
    assert "unseen-code" not in found


def test_limit_of_runs_is_named(linter: Linter) -> None:
    nested = "".join(f"{'    ' * number}if x.a{number} is None:\n" for number in range(70))
    code = f"{READ}{nested}{'    ' * 70}op.drop_column('t', 'a')\nop.drop_column('t', 'b')"
    chain = "\n".join(f"if x.b{n}:\n    raise ValueError('{n}')" for n in range(99))
    report = linter.lint(write(f"{code}\n{chain}\nop.drop_column('t', 'c')"))
    (unseen,) = (each for each in report.findings if each.rule.name == "unseen-code")
    assert "more than 64 combinations" in unseen.message


def test_failure_of_a_statement_is_named_once_and_the_next_is_looked_at(linter: Linter) -> None:
    report = linter.lint(write(f'open("/no/such/file").read()\n{DROP}'))
    assert [(each.rule.name, each.line) for each in report.findings] == [
        ("offline-sql", UPGRADE),
        ("ban-drop-column", UPGRADE + 1),
    ]


def test_output_of_a_revision_is_written_once_to_standard_error(
    linter: Linter, capsys: pytest.CaptureFixture[str]
) -> None:
    linter.lint(write(f'print("migrating")\n{READ}if x:\n    print("more")'))
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.count("migrating") == 1


def test_models_that_cannot_be_imported_do_not_hide_a_revision(
    linter: Linter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> MetaData:
        raise ImportError("no models")

    broken = replace(PROJECT, metadata=fail)
    monkeypatch.setattr("support.lint_revisions.PROJECT", broken)
    report = linter.lint(write('op.create_unique_constraint("uq_t_a", "t", ["a"])'))
    assert [each.rule.name for each in report.findings] == ["disallowed-unique-constraint"]


def test_other_statements_are_checked_beside_a_syntax_error(linter: Linter) -> None:
    report = linter.lint(write(f'op.execute("ALTER TABLE t FROBNICATE")\n{DROP}'))
    assert [(each.rule.name, each.line) for each in report.findings] == [
        ("syntax-error", UPGRADE),
        ("ban-drop-column", UPGRADE + 1),
    ]
