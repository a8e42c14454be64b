"""Every rule of the lint has a violation in the tests, and its texts are in the documentation."""

import re

from alembic_zero_downtime.lint.rules import RULES, SQUAWK_RULES
from alembic_zero_downtime.lint.squawk import DISABLED
from support.docs import DOCS, needs_docs
from support.lint_cases import VIOLATIONS
from support.shell import run
from support.unsafe import SAFE, UNSAFE

SOURCE_RULES = {"docstring", "downgrade", "exception", "head-file", "imports-app", "numbering"}


def test_unsafe_and_safe_revisions_are_enough() -> None:
    assert len([case for case in UNSAFE if case.lint]) >= 20
    assert len(SAFE) >= 10


def test_every_rule_about_sql_has_a_violation() -> None:
    assert {row.rule for row in VIOLATIONS} | SOURCE_RULES == RULES.keys()


def test_rules_named_after_squawk_exist_in_squawk() -> None:
    names = ",".join({rule.name for rule in SQUAWK_RULES} - {"syntax-error"})
    done = run("squawk", "--exclude", names, stdin="SELECT 1;")
    assert done.returncode == 0, done.stderr


@needs_docs
def test_page_has_the_texts_of_every_rule() -> None:
    page = (DOCS / "reference" / "lint-rules.md").read_text(encoding="utf-8")
    page = page.replace("`", "").replace("\\", "")
    rows = re.findall(r"^\| ([a-z][a-z-]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    described = {name: (why, fix) for name, why, fix in rows if name != "rule"}
    assert described == {rule.name: (rule.why, rule.fix) for rule in RULES.values()}
    disabled = page.partition("why not here")[2].partition("\n\n")[0]
    assert dict(re.findall(r"^\| ([a-z-]{4,}) \| ([^|]+) \|$", disabled, re.MULTILINE)) == DISABLED
