"""The lint for workflows and pipes, and the explanation of each rule."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.lint.finding import Rule
from alembic_zero_downtime.lint.rules import RULES
from support.project import IDS, ProjectCopy
from support.repository import GIT
from support.shell import CLEAN_ENVIRONMENT, Done, run

UNREACHABLE = make_url("postgresql://user:password@127.0.0.1:1/none")
DROP = 'op.execute("DROP TABLE documents")'


@pytest.fixture
def command(project: ProjectCopy, manage: Callable[..., Done]) -> Callable[..., Done]:
    """Return the command on the project's revisions, without a database."""
    return lambda *arguments: manage(UNREACHABLE, "lint", *arguments, ini=project.ini)


def git(project: ProjectCopy, *command: str) -> str:
    done = run("git", "-c", "commit.gpgsign=false", *command, cwd=project.ini.parent, env=GIT)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit_all(project: ProjectCopy) -> str:
    """Commit everything; return the short hash."""
    git(project, "add", "--all", ".")
    git(project, "commit", "--message", "All")
    return git(project, "rev-parse", "HEAD")[:12]


def start_repository(project: ProjectCopy, branch: str = "main") -> str:
    git(project, "init", "--initial-branch", branch)
    return commit_all(project)


def unescape(text: str) -> str:
    """Return a value as GitHub's runner reads it."""
    for code in ("0D", "0A", "3A", "2C", "25"):
        text = text.replace(f"%{code}", chr(int(code, 16)))
    return text


def test_annotation_has_place_rule_and_fix(
    command: Callable[..., Done], project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_repository(project)
    path = project.path_of(
        project.add(
            "op.execute(\"DELETE FROM documents WHERE url LIKE '50%,:\\\\nx'\")",
            "raise ValueError('the rows are lost')",
        )
    )
    monkeypatch.chdir(project.versions)
    done = command("--format", "github")
    assert (done.returncode, done.stderr) == (Exit.FLAGGED, "")
    annotations = [
        re.fullmatch(r"::(error|warning) ([^:]*)::(.*)", line)
        for line in done.stdout.splitlines()
        if line.startswith("::")
    ]
    (found,) = [match for match in annotations if match and "title=unbatched-write" in match[2]]
    properties = dict(each.split("=") for each in found[2].split(","))
    assert properties["file"] == f"alembic/versions/{path.name}", "relative to the repository"
    line = path.read_text().splitlines()[int(properties["line"]) - 1]
    assert "DELETE FROM documents" in line
    assert "%25" in found[3]
    rule = RULES["unbatched-write"]
    assert unescape(found[3]).splitlines()[-2:] == [rule.why, f"Fix: {rule.fix}"]
    assert done.stdout.splitlines()[-1].startswith("Checked 1 of ")


def test_annotation_of_a_file_with_special_characters_is_escaped(
    command: Callable[..., Done], project: ProjectCopy
) -> None:
    start_repository(project)
    path = project.path_of(project.add(DROP, "raise ValueError('lost')"))
    path.rename(path.with_name(f"{path.stem}_50%,a:b.py"))
    done = command("--format", "github")
    names = re.findall(r"^::error file=([^,]*),line=", done.stdout, re.MULTILINE)
    assert set(names) - {"alembic/versions/head.txt"} == {
        f"alembic/versions/{path.stem}_50%25%2Ca%3Ab.py"
    }


def test_annotation_without_git_is_relative_to_the_workspace(
    command: Callable[..., Done], project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project.path_of(project.add(DROP, "raise ValueError('lost')"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.ini.parent.parent))
    folder = project.ini.parent.name
    assert f"file={folder}/alembic/versions/{path.name}," in command("--format", "github").stdout


def test_warning_is_annotated_as_a_warning(
    command: Callable[..., Done], project: ProjectCopy
) -> None:
    project.add('op.add_column("t", sa.Column("x", sa.String(3)))', 'op.drop_column("t", "x")')
    done = command("--all", "--format", "github")
    assert "::warning file=" in done.stdout
    assert ",title=prefer-text-field::" in done.stdout


def test_formats_json_and_text_are_those_of_the_option_and_of_none(
    command: Callable[..., Done], project: ProjectCopy
) -> None:
    project.add(DROP, "raise ValueError('the rows are lost')")
    assert command("--all", "--format", "json") == command("--all", "--json")
    assert command("--all", "--format", "text") == command("--all")


@pytest.mark.parametrize("arguments", [("--json", "--format", "github"), ("--format", "xml")])
def test_wrong_format_is_refused(command: Callable[..., Done], arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")


def test_target_of_a_pull_request_is_the_shared_branch(
    command: Callable[..., Done], project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_repository(project)
    git(project, "update-ref", "refs/remotes/origin/main", "HEAD")
    project.add("pass")
    commit = commit_all(project)
    git(project, "update-ref", "refs/remotes/origin/release/1.x", "HEAD")
    project.add("pass")
    monkeypatch.setenv("GITHUB_BASE_REF", "release/1.x")
    first = f"Checked 1 of {len(IDS) + 2} revisions (new compared with origin/release/1.x at "
    assert f"{first}{commit}): " in command().stdout
    answer = json.loads(command("--json").stdout)
    assert answer["base"]["branch"] == "origin/release/1.x"
    assert answer["base"]["commit"].startswith(commit)
    monkeypatch.setenv("GITHUB_BASE_REF", "not-fetched")
    assert f"Checked 2 of {len(IDS) + 2} revisions (new compared with origin/main" in (
        command().stdout
    )


def test_unknown_main_branch_is_said(command: Callable[..., Done], project: ProjectCopy) -> None:
    start_repository(project, branch="trunk")
    done = command()
    assert "All revisions are checked, as git cannot tell which are new" in done.stdout
    assert f"\nChecked {len(IDS)} of {len(IDS)} revisions: " in done.stdout
    assert json.loads(command("--json").stdout)["base"] is None
    assert "cannot tell" not in command("--all").stdout


def test_revisions_of_several_and_recursive_locations_are_checked(
    command: Callable[..., Done], project: ProjectCopy
) -> None:
    ini = project.ini.read_text()
    folders = "%(here)s/alembic/versions:%(here)s/other versions"
    options = f"version_locations = {folders}\nrecursive_version_locations = true\n"
    project.ini.write_text(ini.replace("path_separator = os\n", f"path_separator = os\n{options}"))
    start_repository(project)
    deep = project.ini.parent / "other versions" / "deep" / "a00_drop.py"
    deep.parent.mkdir(parents=True)
    added = project.path_of(project.add(DROP, "raise ValueError('lost')"))
    deep.write_text(added.read_text().replace(f'revision = "{project.head}"', 'revision = "a00"'))
    project.set_option("sequential_ids", value=False)
    findings = json.loads(command("--json").stdout)["findings"]
    assert {each["path"] for each in findings if each["rule"] == "ban-drop-table"} == {
        str(added),
        str(deep),
    }


def on_a_terminal(*arguments: str, cwd: Path, **env: str) -> str:
    """Return what the command writes on a terminal."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "alembic_zero_downtime", *arguments]
    environment = {**CLEAN_ENVIRONMENT, "TERM": "xterm-256color", **env}
    done = subprocess.run(command, cwd=cwd, env=environment, stdout=slave, check=False)
    os.close(slave)
    assert done.returncode == Exit.FLAGGED
    with os.fdopen(master, "rb") as screen:
        return screen.read1().decode()


def test_colour_is_only_on_a_terminal_that_wants_it(project: ProjectCopy) -> None:
    project.add(DROP, "raise ValueError('the rows are lost')")
    folder = project.ini.parent
    assert "\x1b[" in on_a_terminal("lint", "--all", cwd=folder)
    assert "\x1b[3" not in on_a_terminal("lint", "--all", cwd=folder, NO_COLOR="1")
    done = run(sys.executable, "-m", "alembic_zero_downtime", "lint", "--all", cwd=folder)
    assert "\x1b" not in done.stdout
    assert "ban-drop-table" in done.stdout


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_is_explained(command: Callable[..., Done], rule: Rule) -> None:
    done = command("--explain", rule.name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{rule.name}\n\nFinds ")
    for text in (rule.finds, rule.why, rule.lock, rule.fix, rule.severity):
        assert text in done.stdout
    for line in (rule.wrong + "\n" + rule.right).splitlines():
        assert f"    {line}".rstrip() in done.stdout.splitlines()
    can_be_off = f"    {rule.name} = off: <reason>\n" in done.stdout
    assert can_be_off or "cannot be switched off" in done.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ban-drop-colum", "there is no rule ban-drop-colum: did you mean ban-drop-column"),
        ("xyz", "there is no rule xyz"),
        ("require-table-schema", "never runs the rule require-table-schema of squawk: the search"),
    ],
)
def test_unknown_rule_is_refused_with_the_most_similar(
    command: Callable[..., Done], name: str, message: str
) -> None:
    done = command("--explain", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()[-1]


def test_rule_is_explained_outside_of_a_project(tmp_path: Path) -> None:
    done = run(
        sys.executable, "-m", "alembic_zero_downtime", "lint", "--explain", "truncate", cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "TRUNCATE" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        (("--all",), r"TABLE caf\xe9"),
        (("--all", "--json"), r"TABLE caf\u00e9"),
        (("--all", "--format", "github"), r"TABLE caf\xe9"),
        (("--explain", "invalid-index"), r"(\u2026)"),
    ],
)
def test_character_that_the_output_lacks_is_escaped(
    project: ProjectCopy, arguments: tuple[str, ...], written: str
) -> None:
    project.add("op.execute('DROP TABLE café')", "raise ValueError('lost')")
    command = (sys.executable, "-m", "alembic_zero_downtime", "lint", *arguments)
    done = run(*command, cwd=project.ini.parent, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == (0 if "--explain" in arguments else Exit.FLAGGED), done.stderr
    assert written in done.stdout
