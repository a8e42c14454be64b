"""`alembic-zero-downtime lint`: the revisions that it checks, its suppressions and its output."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.history.checksum import checksum_of
from alembic_zero_downtime.lint.changed_revisions import select_changed_revisions
from alembic_zero_downtime.lint.linter import lint
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.lint.suppressions import Suppression, read_suppressions
from support.project import HEAD, IDS, ProjectCopy
from support.repository import GIT, Repository
from support.shell import Done, run

UNREACHABLE = make_url("postgresql://user:password@127.0.0.1:1/none")
DROP = 'op.execute("DROP TABLE documents")'
ALLOW = "# migrate-lint: allow"
REASON = "no release has read it since 2.1"


@pytest.fixture
def command(project: ProjectCopy, manage: Callable[..., Done]) -> Callable[..., Done]:
    """Return the command on the project's revisions, without a database."""
    return lambda *arguments: manage(UNREACHABLE, "lint", *arguments, ini=project.ini)


def add(project: ProjectCopy, upgrade: str, comment: str = "") -> Path:
    """Add a revision that violates rules only in `upgrade`."""
    path = project.path_of(project.add(upgrade, "raise ValueError('the rows are lost')"))
    description = (
        f"Drops a table.\n\nRevision ID: {project.head}\nRevises: {int(project.head) - 1:03d}\n"
    )
    source = path.read_text().replace(
        'of a test."""', f'of a test.\n\n{description}"""\n\n{comment}'
    )
    path.write_text(source)
    (project.versions / "head.txt").write_text(f"{path.stem}\n")
    return path


def rules(project: ProjectCopy) -> list[str]:
    return [each.rule.name for each in lint(project.environment, everything=True).findings]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in list(os.environ):
        if name.startswith("GIT_"):  # set by a hook or a rebase that runs the tests
            monkeypatch.delenv(name)
    return Repository(tmp_path / "a répo")


def changed(repository: Repository) -> list[str] | None:
    files = sorted(repository.versions.glob("*.py"))
    selected = select_changed_revisions(repository.versions, files)
    return None if selected is None else [path.stem for path in selected]


def test_suppression_holds_for_one_rule_in_the_whole_revision(project: ProjectCopy) -> None:
    twice = f'{DROP}\n{DROP}\nop.execute("LOCK companies")'
    path = add(project, twice, f"{ALLOW} ban-drop-table: {REASON}")
    assert rules(project) == ["lock-table"]
    line = path.read_text().splitlines().index(f"{ALLOW} ban-drop-table: {REASON}") + 1
    assert read_suppressions(path) == (Suppression("ban-drop-table", REASON, line),)


def test_long_reason_continues_in_indented_comments(project: ProjectCopy) -> None:
    comment = f"{ALLOW} ban-drop-table: no release\n#   has read it\n#  since 2.1\n# Another word"
    path = add(project, DROP, comment)
    assert [each.reason for each in read_suppressions(path)] == [REASON]


def test_suppression_does_not_change_the_checksum(project: ProjectCopy) -> None:
    path = add(project, DROP)
    before = checksum_of(path)
    path.write_text(f"{path.read_text()}\n{ALLOW} ban-drop-table: {REASON}\n")
    assert checksum_of(path) == before
    assert rules(project) == []


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        (f"{ALLOW} truncate: {REASON}", "truncate is suppressed and has no finding here"),
        (f"{ALLOW} no-such-rule: {REASON}", "no-such-rule is suppressed and is not a rule"),
        (f"{ALLOW} ban-drop-table", "it does not have the form"),
        (f"{ALLOW} ban-drop-table:", "it does not have the form"),
        ("# migrate-lint: ban-drop-table: because", "it does not have the form"),
    ],
)
def test_suppression_without_effect_is_found(
    project: ProjectCopy, comment: str, message: str
) -> None:
    path = add(project, DROP, comment)
    dropped, suppression = sorted(
        lint(project.environment, everything=True).findings,
        key=lambda finding: finding.rule.name,
    )
    assert dropped.rule.name == "ban-drop-table"
    assert suppression.rule.name == "exception"
    assert path.read_text().splitlines()[suppression.line - 1] == comment
    assert message in suppression.message


def test_suppression_in_a_string_is_ignored(project: ProjectCopy) -> None:
    path = add(project, DROP, f'WORDS = "{ALLOW} ban-drop-table: {REASON}"')
    assert read_suppressions(path) == ()
    assert rules(project) == ["ban-drop-table"]


def test_no_revision_is_selected_on_the_main_branch(repository: Repository) -> None:
    assert changed(repository) == []


def test_revisions_of_a_branch_are_selected(repository: Repository) -> None:
    repository.commit("003_add_region")
    repository.branch("feature", "003_add_sector", "004_fill_sector")
    assert changed(repository) == ["003_add_sector", "004_fill_sector"]


def test_uncommitted_revisions_are_selected(repository: Repository) -> None:
    repository.add("003_add_region")
    path = repository.versions / "001_first.py"
    path.write_text(f"{path.read_text()}CHANGED = True\n")
    assert changed(repository) == ["001_first", "003_add_region"]
    repository.git("add", "--all", ".")
    assert changed(repository) == ["001_first", "003_add_region"]


def test_renamed_revision_is_selected(repository: Repository) -> None:
    repository.git("mv", "002_second.py", "002_other.py")
    assert changed(repository) == ["002_other"]


def test_unpushed_revisions_are_selected_on_the_main_branch(
    repository: Repository,
) -> None:
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.commit("003_add_region")
    assert changed(repository) == ["003_add_region"]


def test_selection_is_unknown_without_git_or_a_shared_branch(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("branch", "--move", "main", "trunk")
    assert changed(repository) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert changed(repository) is None


def test_all_revisions_are_checked_outside_of_git(project: ProjectCopy) -> None:
    assert len(lint(project.environment, everything=False).checked) == len(IDS)


def test_findings_are_printed_with_place_reason_and_fix(
    command: Callable[..., Done], project: ProjectCopy
) -> None:
    path = add(project, DROP)
    done = command("--all")
    assert (done.returncode, done.stderr) == (Exit.FLAGGED, "")
    line = path.read_text().splitlines().index(f"    {DROP}") + 1
    rule = RULES["ban-drop-table"]
    assert done.stdout.splitlines() == [
        f"{path}:{line}: ban-drop-table: DROP TABLE documents",
        f"    {rule.why}",
        f"    Fix: {rule.fix}",
        f"Checked {len(IDS) + 1} of {len(IDS) + 1} revisions: 1 finding.",
    ]


def test_path_is_relative_to_the_current_directory(
    command: Callable[..., Done], project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = add(project, DROP)
    monkeypatch.chdir(project.ini.parent)
    assert command("--all").stdout.startswith(f"alembic/versions/{path.name}:")


def test_suppressions_are_counted(command: Callable[..., Done], project: ProjectCopy) -> None:
    for count in ("1 suppression", "2 suppressions"):
        add(project, DROP, f"{ALLOW} ban-drop-table: {REASON}")
        done = command("--all")
        assert done.returncode == Exit.OK
        assert done.stdout.endswith(f"revisions: no findings, {count}.\n")


def test_json_has_every_finding_and_suppression(
    command: Callable[..., Done], project: ProjectCopy
) -> None:
    path = add(project, f'{DROP}\nop.execute("LOCK t")', f"{ALLOW} lock-table: {REASON}")
    done = command("--all", "--json")
    assert done.returncode == Exit.FLAGGED
    answer = json.loads(done.stdout)
    assert answer["revisions"][-1] == path.stem
    rule = RULES["ban-drop-table"]
    (finding,) = answer["findings"]
    assert finding.pop("line") > 1
    assert finding == {
        "path": str(path),
        "rule": rule.name,
        "severity": "error",
        "message": "DROP TABLE documents",
        "why": rule.why,
        "lock": rule.lock,
        "fix": rule.fix,
    }
    assert (answer["total"], answer["base"], answer["off"]) == (len(IDS) + 1, None, [])
    (suppression,) = answer["suppressions"]
    assert suppression.pop("line") > 1
    assert suppression == {"path": str(path), "rule": "lock-table", "reason": REASON}


def test_no_new_revision_is_one_line(command: Callable[..., Done], project: ProjectCopy) -> None:
    for arguments in (("init", "--initial-branch=main"), ("add", "."), ("commit", "-m", "All")):
        assert run("git", *arguments, cwd=project.ini.parent, env=GIT).returncode == 0
    done = command()
    assert done.returncode == Exit.OK
    commit = run("git", "rev-parse", "HEAD", cwd=project.ini.parent).stdout[:12]
    assert done.stdout == f"No new revisions: main at {commit} has all {len(IDS)} unchanged.\n"
    add(project, DROP)
    checked = f"Checked 1 of {len(IDS) + 1} revisions (new compared with main at {commit}): "
    assert checked in command().stdout


def test_missing_squawk_is_one_line(
    command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    done = command("--all")
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    assert done.stderr.count("\n") == 1
    assert "squawk is not installed here" in done.stderr


def test_invalid_python_is_one_line(command: Callable[..., Done], project: ProjectCopy) -> None:
    path = project.path_of(HEAD)
    path.write_text(f"<<<<<<< HEAD\n{path.read_text()}")
    done = command("--all")
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    start = f"alembic-zero-downtime: {path.name}, line 1: SyntaxError: invalid syntax; git"
    assert done.stderr.startswith(start)
    assert done.stderr.count("\n") == 1
