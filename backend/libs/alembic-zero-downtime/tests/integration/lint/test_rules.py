"""Every rule has a violation in the tests, true examples, and its texts in the documentation."""

import re
from pathlib import Path

import pytest

from alembic_zero_downtime.lint.finding import Rule, Severity
from alembic_zero_downtime.lint.rules import RULES, SQUAWK_RULES
from alembic_zero_downtime.lint.rules.source import PROJECT_OPTIONS
from alembic_zero_downtime.lint.settings import ALWAYS_ON
from alembic_zero_downtime.lint.squawk import DISABLED
from support.docs import DOCS, needs_docs
from support.lint_cases import VIOLATIONS
from support.lint_revisions import Linter, write
from support.shell import run
from support.unsafe import SAFE, UNSAFE

SOURCE_RULES = {"docstring", "downgrade", "exception", "head-file", "imports-app", "numbering"}
ABOUT_FILES = {"docstring", "head-file", "numbering"}
EXAMPLES = [rule for rule in RULES.values() if rule.name not in ABOUT_FILES]


def test_unsafe_and_safe_revisions_are_enough() -> None:
    assert len([case for case in UNSAFE if case.lint]) >= 20
    assert len(SAFE) >= 10


def test_every_rule_about_sql_has_a_violation() -> None:
    assert {row.rule for row in VIOLATIONS} | SOURCE_RULES == RULES.keys()


def test_rules_named_after_squawk_exist_in_squawk() -> None:
    names = ",".join({rule.name for rule in SQUAWK_RULES} - {"syntax-error"})
    done = run("squawk", "--exclude", names, stdin="SELECT 1;")
    assert done.returncode == 0, done.stderr


def revision(example: str) -> str:
    """Return the source of a revision with the lines of an example."""
    if example.startswith("def upgrade"):
        return f"{write('pass').partition('def upgrade')[0]}{example}\n"
    declarations, _, upgrade = example.rpartition("\n\n")
    comments = [line for line in upgrade.splitlines() if line.startswith("#")]
    is_empty = len(comments) == len(upgrade.splitlines())
    return write(f"{upgrade}\npass" if is_empty else upgrade, declarations=declarations)


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.name)
def test_wrong_example_has_a_finding_and_right_one_has_none(rule: Rule, tmp_path: Path) -> None:
    linter = Linter(tmp_path)
    wrong = {finding.rule.name for finding in linter.lint(revision(rule.wrong)).findings}
    assert rule.name in wrong
    assert linter.lint(revision(rule.right)).findings == ()


@pytest.mark.parametrize("name", sorted(ABOUT_FILES))
def test_rule_about_files_names_the_option_of_the_project(name: str) -> None:
    assert f"Project({PROJECT_OPTIONS[name]}=True)" in RULES[name].finds


def test_example_of_a_docstring_is_right(tmp_path: Path) -> None:
    linter, rule = Linter(tmp_path), RULES["docstring"]
    for docstring, expected in ((rule.wrong, {"docstring"}), (rule.right, set[str]())):
        _, _, rest = write("pass").removeprefix('"""').partition('"""')
        found = {finding.rule.name for finding in linter.lint(docstring + rest).findings}
        assert found == expected


def test_only_rules_about_types_and_names_are_warnings() -> None:
    assert {name for name, rule in RULES.items() if rule.severity is Severity.WARNING} == {
        "ban-char-field",
        "ban-create-domain-with-constraint",
        "identifier-too-long",
        "prefer-identity",
        "prefer-text-field",
        "prefer-timestamp-tz",
    }


def test_only_rules_about_the_running_release_need_the_author() -> None:
    names = {name for name, rule in RULES.items() if rule.needs_author}
    others = {name for name in RULES if name.startswith("ban-")} - names
    assert others == {
        "ban-alter-domain-with-add-constraint",
        "ban-char-field",
        "ban-create-domain-with-constraint",
        "ban-drop-database",
        "ban-duplicate-column-assignments",
    }
    assert {name for name in names if not name.startswith("ban-")} == {"renaming-object"}


@needs_docs
def test_page_has_the_texts_of_every_rule() -> None:
    page = (DOCS / "reference" / "lint-rules.md").read_text(encoding="utf-8")
    page = page.replace("`", "").replace("\\", "")
    rows = re.findall(
        r"^\| ([a-z][a-z-]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE
    )
    described = {name: tuple(texts) for name, *texts in rows if name != "rule"}
    assert described == {rule.name: (rule.why, rule.lock, rule.fix) for rule in RULES.values()}
    disabled = page.partition("why not here")[2].partition("\n\n")[0]
    assert dict(re.findall(r"^\| ([a-z-]{4,}) \| ([^|]+) \|$", disabled, re.MULTILINE)) == DISABLED
    always_on = page.partition("why it cannot be off")[2].partition("\n\n")[0]
    assert (
        dict(re.findall(r"^\| ([a-z-]{4,}) \| ([^|]+) \|$", always_on, re.MULTILINE)) == ALWAYS_ON
    )
    warnings = page.partition("These are warnings:")[2].partition(".")[0]
    assert set(re.findall(r"[a-z-]{4,}", warnings)) == {
        name for name, rule in RULES.items() if rule.severity is Severity.WARNING
    }
