"""Which revisions are looked at, what their authors may allow, and what is said of them."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.commands import lint as lint_command
from app.db.lint.exceptions import Allowed, read_exceptions
from app.db.lint.report import lint
from app.db.lint.rules import RULES
from app.db.lint.selection import select_new
from app.db.lint.squawk import OFF
from app.db.migrations.checksum import checksum_of
from tests.project import Project
from tests.revisions import HEAD, IDS, REVISIONS
from tests.shell import BACKEND, Done, run
from tests.test_renumber import GIT, Repository

PAGE = BACKEND.parent / "docs" / "database" / "lint.md"
NOWHERE = make_url("postgresql://user:password@127.0.0.1:1/none")
DROP = 'op.execute("DROP TABLE documents")'
ALLOW = "# migrate-lint: allow"
REASON = "no release has read it since 2.1"
OWN = sum(len(read_exceptions(Path(revision.path))) for revision in REVISIONS)


@pytest.fixture
def command(
    project: Project, manage: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Done]:
    """Return the command on the project's revisions; no database answers."""
    monkeypatch.setattr(lint_command, "INI_FILE", project.ini)
    return lambda *arguments: manage(NOWHERE, "lint", *arguments)


def add(project: Project, upgrade: str, comment: str = "") -> Path:
    """Add a revision in which nothing but `upgrade` can be found."""
    path = project.path_of(project.add(upgrade, "raise ValueError('no way back')"))
    words = f"Drops a table.\n\nRevision ID: {project.head}\nRevises: {int(project.head) - 1:03d}\n"
    source = path.read_text().replace('of a test."""', f'of a test.\n\n{words}"""\n\n{comment}')
    path.write_text(source)
    (project.versions / "head.txt").write_text(f"{path.stem}\n")
    return path


def rules(project: Project) -> list[str]:
    return [each.rule.name for each in lint(project.versions, everything=True).findings]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "a répo")


def new(repository: Repository) -> list[str] | None:
    found = select_new(repository.versions, sorted(repository.versions.glob("*.py")))
    return None if found is None else [path.stem for path in found]


def test_an_exception_allows_one_rule_in_the_whole_revision(project: Project) -> None:
    twice = f'{DROP}\n{DROP}\nop.execute("LOCK companies")'
    path = add(project, twice, f"{ALLOW} ban-drop-table: {REASON}")
    assert rules(project) == ["lock-table"]
    line = path.read_text().splitlines().index(f"{ALLOW} ban-drop-table: {REASON}") + 1
    assert read_exceptions(path) == (Allowed("ban-drop-table", REASON, line),)


def test_a_long_reason_goes_on_in_indented_comments(project: Project) -> None:
    comment = f"{ALLOW} ban-drop-table: no release\n#   has read it\n#  since 2.1\n# Another word"
    path = add(project, DROP, comment)
    assert [each.reason for each in read_exceptions(path)] == [REASON]


def test_an_exception_does_not_change_what_a_revision_is(project: Project) -> None:
    path = add(project, DROP)
    before = checksum_of(path)
    path.write_text(f"{path.read_text()}\n{ALLOW} ban-drop-table: {REASON}\n")
    assert checksum_of(path) == before
    assert rules(project) == []


@pytest.mark.parametrize(
    ("comment", "what"),
    [
        (f"{ALLOW} truncate: {REASON}", "truncate is allowed, and nothing here breaks it"),
        (f"{ALLOW} no-such-rule: {REASON}", "no-such-rule is allowed, and there is no such rule"),
        (f"{ALLOW} ban-drop-table", "it is not of the form"),
        (f"{ALLOW} ban-drop-table:", "it is not of the form"),
        ("# migrate-lint: ban-drop-table: because", "it is not of the form"),
    ],
)
def test_an_exception_that_allows_nothing_is_found(
    project: Project, comment: str, what: str
) -> None:
    path = add(project, DROP, comment)
    dropped, exception = sorted(
        lint(project.versions, everything=True).findings, key=lambda finding: finding.rule.name
    )
    assert dropped.rule.name == "ban-drop-table"
    assert exception.rule.name == "exception"
    assert path.read_text().splitlines()[exception.line - 1] == comment
    assert what in exception.what


def test_an_exception_in_a_string_is_none(project: Project) -> None:
    path = add(project, DROP, f'WORDS = "{ALLOW} ban-drop-table: {REASON}"')
    assert read_exceptions(path) == ()
    assert rules(project) == ["ban-drop-table"]


def test_the_main_branch_has_no_new_revisions(repository: Repository) -> None:
    assert new(repository) == []


def test_a_branch_has_those_that_main_does_not(repository: Repository) -> None:
    repository.commit("003_add_region")
    repository.branch("feature", "003_add_sector", "004_fill_sector")
    assert new(repository) == ["003_add_sector", "004_fill_sector"]


def test_what_is_not_committed_is_new(repository: Repository) -> None:
    repository.add("003_add_region")
    changed = repository.versions / "001_first.py"
    changed.write_text(f"{changed.read_text()}CHANGED = True\n")
    assert new(repository) == ["001_first", "003_add_region"]
    repository.git("add", "--all", ".")
    assert new(repository) == ["001_first", "003_add_region"]


def test_a_renamed_revision_is_new(repository: Repository) -> None:
    repository.git("mv", "002_second.py", "002_other.py")
    assert new(repository) == ["002_other"]


def test_what_the_remote_does_not_have_yet_is_new_on_the_main_branch(
    repository: Repository,
) -> None:
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.commit("003_add_region")
    assert new(repository) == ["003_add_region"]


def test_without_git_or_a_shared_branch_nobody_can_tell(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("branch", "--move", "main", "trunk")
    assert new(repository) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert new(repository) is None


def test_all_revisions_are_looked_at_outside_of_git(project: Project) -> None:
    assert len(lint(project.versions, everything=False).checked) == len(IDS)


def test_findings_are_printed_with_place_reason_and_remedy(
    command: Callable[..., Done], project: Project
) -> None:
    path = add(project, DROP)
    done = command("--all")
    assert (done.returncode, done.stderr) == (11, "")
    line = path.read_text().splitlines().index(f"    {DROP}") + 1
    rule = RULES["ban-drop-table"]
    assert done.stdout.splitlines() == [
        f"{path}:{line}: ban-drop-table: DROP TABLE documents",
        f"    {rule.why}",
        f"    Fix: {rule.fix}",
        f"Looked at {len(IDS) + 1} of {len(IDS) + 1} revisions: 1 finding, {OWN} exceptions.",
    ]


def test_a_path_is_printed_as_it_can_be_opened_from_here(
    command: Callable[..., Done], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = add(project, DROP)
    monkeypatch.chdir(project.ini.parent)
    assert command("--all").stdout.startswith(f"alembic/versions/{path.name}:")


def test_what_is_allowed_is_counted(command: Callable[..., Done], project: Project) -> None:
    add(project, DROP, f"{ALLOW} ban-drop-table: {REASON}")
    done = command("--all")
    assert done.returncode == 0
    assert done.stdout.endswith(f"revisions: no findings, {OWN + 1} exceptions.\n")


def test_scripts_get_json(command: Callable[..., Done], project: Project) -> None:
    path = add(project, f'{DROP}\nop.execute("LOCK t")', f"{ALLOW} lock-table: {REASON}")
    done = command("--all", "--json")
    assert done.returncode == 11
    answer = json.loads(done.stdout)
    assert answer["revisions"][-1] == path.stem
    rule = RULES["ban-drop-table"]
    (finding,) = answer["findings"]
    assert finding.pop("line") > 1
    assert finding == {
        "path": str(path),
        "rule": rule.name,
        "what": "DROP TABLE documents",
        "why": rule.why,
        "fix": rule.fix,
    }
    (exception,) = answer["exceptions"][OWN:]
    assert exception.pop("line") > 1
    assert exception == {"path": str(path), "rule": "lock-table", "reason": REASON}


def test_nothing_new_is_said_in_one_line(command: Callable[..., Done], project: Project) -> None:
    for arguments in (("init", "--initial-branch=main"), ("add", "."), ("commit", "-m", "All")):
        assert run("git", *arguments, cwd=project.ini.parent, env=GIT).returncode == 0
    done = command()
    assert done.returncode == 0
    assert done.stdout == f"No new revisions: the main branch has all {len(IDS)} as they are.\n"
    add(project, DROP)
    assert f"Looked at 1 of {len(IDS) + 1} revisions" in command().stdout


def test_a_missing_squawk_is_one_line(
    command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    done = command("--all")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "squawk is not installed here" in done.stderr


def test_a_file_that_is_no_python_is_one_line(
    command: Callable[..., Done], project: Project
) -> None:
    path = project.path_of(HEAD)
    path.write_text(f"<<<<<<< HEAD\n{path.read_text()}")
    done = command("--all")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"db_manager: {path.name} is no Python in line 1")
    assert done.stderr.count("\n") == 1


def test_make_looks_at_new_revisions_or_all(checkout: Path) -> None:
    done = run("make", "migrate-lint", "ALL=1", cwd=checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Looked at {len(IDS)} of {len(IDS)} revisions: no findings" in done.stdout
    assert "lint --all" in run("make", "--dry-run", "check", cwd=checkout).stdout
    assert "lint --all" not in run("make", "--dry-run", "migrate-lint", cwd=checkout).stdout


def test_the_page_says_of_each_rule_what_the_code_says() -> None:
    page = PAGE.read_text(encoding="utf-8").replace("`", "").replace("\\", "")
    rows = re.findall(r"^\| ([a-z][a-z-]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    described = {name: (why, fix) for name, why, fix in rows if name != "rule"}
    assert described == {rule.name: (rule.why, rule.fix) for rule in RULES.values()}
    off = page.partition("why not here")[2].partition("\n\n")[0]
    assert dict(re.findall(r"^\| ([a-z-]{4,}) \| ([^|]+) \|$", off, re.MULTILINE)) == OFF
