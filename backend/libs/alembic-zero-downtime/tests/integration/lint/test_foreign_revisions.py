"""The lint finds the dangerous calls in revisions of other projects, and no others."""

from pathlib import Path

import pytest

from support.foreign import Foreign
from support.lint_corpus import FOREIGN, HARMLESS, USES_THE_CONNECTION, write_foreign
from support.lint_revisions import Linter, write

ABOUT_THE_SOURCE = {"imports-app", "offline-sql"}
# Of a revision with several dangerous calls, it depends on their tables.
INCIDENTAL = {"one-table"}


@pytest.fixture
def linter(tmp_path: Path) -> Linter:
    return Linter(tmp_path)


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda foreign: foreign.name)
def test_dangerous_call_is_found(linter: Linter, foreign: Foreign) -> None:
    findings = linter.lint(write_foreign(foreign)).findings
    found = {finding.rule.name for finding in findings}
    assert found - ABOUT_THE_SOURCE - INCIDENTAL - {"downgrade"} == set(foreign.rules)


@pytest.mark.parametrize("foreign", HARMLESS, ids=lambda foreign: foreign.name)
def test_only_the_dangerous_call_is_found(linter: Linter, foreign: Foreign) -> None:
    findings = linter.lint(write_foreign(foreign)).findings
    found = [
        finding.rule.name
        for finding in findings
        if finding.rule.name != "imports-app"
        and not finding.message.startswith(USES_THE_CONNECTION)
    ]
    assert set(found) == set(foreign.rules)


def test_index_of_a_table_that_goes_is_known_from_an_earlier_revision(linter: Linter) -> None:
    create = "CREATE TABLE t (a text); CREATE INDEX ix_t_a ON t (a)"
    linter.path.with_name("000_create.py").write_text(write(f"op.execute({create!r})"))
    drop = 'op.execute("DROP INDEX ix_t_a")\nop.execute("DROP TABLE t")'
    report = linter.lint(write(drop))
    found = [each.rule.name for each in report.findings if each.path == linter.path]
    assert [name for name in found if "drop" in name or "index" in name] == ["ban-drop-table"]


def test_index_that_a_revision_drops_before_the_next_drops_its_table_is_found(
    linter: Linter,
) -> None:
    linter.path.with_name("002_drop_table.py").write_text(write('op.drop_table("t")'))
    found = linter.lint(write('op.drop_index("ix_t_a", "t")')).findings
    assert [
        each.rule.name for each in found if each.path == linter.path and "index" in each.rule.name
    ] == ["require-concurrent-index-deletion"]
