"""`fde`: help, arguments, exit codes, JSON, colours and pipes."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from typer.core import TyperGroup

from app.cli import reading
from app.cli.exit_codes import EXPLANATION, Exit
from app.cli.main import app
from app.cli.main import run as fde
from app.pipeline.statement import Checks, Company, Filing, StatementName, Status
from app.services.answer import Answer
from app.services.limits import Limits
from app.services.reading import Request
from tests.cli.test_report import row, statement
from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT, Done, run

MODULE = ("python", "-m", "app")
Fde = Callable[..., Done]


def commands() -> list[str]:
    """Return the names of all commands."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return list(group.commands)


def answer_for(name: str) -> Answer:
    """Return what is read of a file whose name says so."""
    if name.startswith("broken"):
        return Answer.failed("encrypted", "The file is encrypted: remove the password", "pdf")
    one = statement(row(0, "Erlöse \u202e\x9b", "1", "2"))
    status: Status = "doubtful" if name.startswith("doubtful") else "partly"
    one.checks = Checks(cells=2, checkable=2, verified=2, status=status)
    names: tuple[StatementName, ...] = get_args(StatementName)
    statements = [one.model_copy(update={"statement": each}) for each in names]
    filing = Filing(
        kind="pdf",
        company=Company(name="Example AG", identifiers={"lei": "1"}),
        statements=statements[:2] if name.startswith("incomplete") else statements,
    )
    return Answer(kind="pdf", filing=filing, seconds=0.5)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what the command asks for; no file is read."""
    asked: list[Any] = []

    def read_files(
        requests: Sequence[Request], limits: Limits, jobs: int, note: Callable[[int], None]
    ) -> Generator[Answer]:
        asked.extend([requests, limits, jobs])
        for number, request in enumerate(requests):
            note(number)
            yield answer_for(request.path.name)

    monkeypatch.setattr(reading, "read_files", read_files)
    return asked


@pytest.fixture
def call(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> Fde:
    assert not asked

    def call(*arguments: str) -> Done:
        return Done(fde(arguments), *capsys.readouterr())

    return call


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (("a.pdf", "b.pdf"), Exit.OK),
        (("a.pdf", "doubtful.pdf"), Exit.DOUBTFUL),
        (("incomplete.pdf", "a.pdf"), Exit.DOUBTFUL),
        (("broken.pdf", "doubtful.pdf", "a.pdf"), Exit.UNREADABLE),
    ],
)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_highest_exit_code_counts(
    files: tuple[str, ...], code: Exit, options: tuple[str, ...], call: Fde
) -> None:
    assert call("read", *options, *files).returncode == code


def test_json_is_one_object_a_line_and_a_file(call: Fde) -> None:
    done = call("read", "--json", "a.pdf", "broken.pdf")
    assert done.stderr == "fde: broken.pdf: The file is encrypted: remove the password\n"
    first, second = done.stdout.splitlines()
    assert "\u202e" not in first
    assert "\x9b" not in first
    assert "Erlöse" in first
    read, failed = json.loads(first), json.loads(second)
    keys = ["file", "kind", "company", "statements", "issues", "seconds"]
    assert list(read) == list(failed) == keys
    assert read["company"] == {"name": "Example AG", "identifiers": {"lei": "1"}}
    assert read["statements"][0]["schema"] == "statement/1"
    assert read["statements"][0]["rows"][0]["label"] == "Erlöse \u202e\x9b"
    assert read["statements"][0]["rows"][0]["cells"]["p0"]["v"] == "1"
    message = "The file is encrypted: remove the password"
    assert failed == {
        "file": "broken.pdf",
        "kind": "pdf",
        "company": {"name": None, "identifiers": {}},
        "statements": [],
        "issues": [{"code": "encrypted", "message": message, "page": None}],
        "seconds": 0.0,
    }


def test_the_statements_are_printed_and_failures_are_one_line(call: Fde) -> None:
    done = call("read", "a.pdf", "bro\x1b[31mken.pdf", "broken.pdf")
    assert done.stdout.startswith("a.pdf\nPDF · Example AG · IFRS · fiscal year 2023\n")
    assert "\x1b" not in done.stdout
    assert done.stderr == "fde: broken.pdf: The file is encrypted: remove the password\n"


def test_options_and_variables_set_the_limits(
    call: Fde, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FDE_MEMORY", "300")
    monkeypatch.setenv("FDE_JOBS", "7")
    call("read", "--timeout", "9", "--max-size", "8", "a.pdf")
    assert asked[1:] == [Limits(seconds=9, memory=300, file_size=8), 7]


def test_pictures_of_files_of_one_name_are_kept_apart(
    call: Fde, asked: list[Any], tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "pictures"
    call("read", "--picture", str(folder), "2022/report.pdf", "2023/report.pdf", "other.pdf")
    assert [each.picture for each in asked[0]] == [
        folder / "report",
        folder / "report-2",
        folder / "other",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("scheme",), "No such command 'scheme'. Did you mean 'schema'? (see fde --help)"),
        (("read",), "Missing argument 'FILE...'. (see fde read --help)"),
        (("read", "--jsn", "x"), "No such option: --jsn"),
        (("fix", "A", "--value"), "Option '--value' requires an argument. (see fde fix --help)"),
        (("statements", "A", "--format", "pdf"), "Invalid value for '--format': 'pdf' is not one"),
        (("read", "--timeout", "0", "x"), "Invalid value for '--timeout'"),
        (("read", "--pages", "--picture", "d", "x"), "choose one of --pages and --picture"),
    ],
)
def test_wrong_arguments_are_one_line(arguments: tuple[str, ...], message: str, call: Fde) -> None:
    done = call(*arguments)
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("fde: ")
    assert message in line


def test_a_folder_for_pictures_that_cannot_be_made_is_one_line(call: Fde, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = call("read", "--picture", str(tmp_path / "file"), "a.pdf")
    assert done.returncode == Exit.UNREADABLE
    assert done.stderr == f"fde: cannot use {tmp_path}/file: File exists\n"


def test_help_shows_examples_and_every_exit_code(call: Fde) -> None:
    described = {int(code) for code in re.findall(r"^  (\d+) ", EXPLANATION, re.MULTILINE)}
    assert described == set(Exit)
    for arguments in (("read", "--help"), ("--help",), ()):
        done = call(*arguments)
        assert done.returncode == 0
        assert "Examples:\n    fde read annual-report.pdf" in done.stdout
        assert "\n    130  interrupted by Ctrl-C" in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80


def test_every_command_is_listed_with_a_whole_line_in_a_section(call: Fde) -> None:
    lines = call("--help").stdout.splitlines()
    titles = ["Reports:", "Statements over years:", "Set-up:"]
    assert [line for line in lines if line in titles] == titles
    lines = lines[lines.index(titles[0]) :]
    for name in commands():
        (line,) = (line for line in lines if line.startswith(f"  {name} "))
        assert line.endswith("."), line
        assert "..." not in line


@pytest.mark.parametrize("name", commands())
def test_the_help_of_each_command_fits_80_columns_and_names_its_arguments_once(
    name: str, call: Fde, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = call(name, "--help").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert not re.search(r"[{}<]|\[\[", shown.partition("Options:")[0])
    assert "Examples:\n" in shown
    assert re.search(r"Exit codes.*\n    0 ", shown)


def test_the_usage_is_as_it_is_typed(call: Fde) -> None:
    def usage(name: str) -> str:
        return call(name, "--help").stdout.splitlines()[0]

    assert usage("add") == "Usage: fde add [OPTIONS] COMPANY FILE..."
    assert usage("check") == "Usage: fde check [OPTIONS] [COMPANY]"
    assert usage("fix") == "Usage: fde fix [OPTIONS] COMPANY [STATEMENT] [LINE] [YEAR]"


def test_the_version_is_shown(call: Fde) -> None:
    assert call("--version") == (0, "fde 0.1.0\n", "")


def test_help_imports_nothing_slow() -> None:
    done = run("python", "-X", "importtime", "-m", "app", "read", "--help")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in imported
    slow = {"rich", "lxml", "pypdfium2", "sqlalchemy", "alembic", "fastapi", "app.services"}
    assert not imported & slow


def test_a_shell_completes_commands_and_options() -> None:
    env = {"_FDE_COMPLETE": "complete_bash", "COMP_WORDS": "fde rea", "COMP_CWORD": "1"}
    assert run(*MODULE, env=env).stdout.split() == ["read"]
    env |= {"COMP_WORDS": "fde read --js", "COMP_CWORD": "2"}
    assert run(*MODULE, env=env).stdout.split() == ["--json"]


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_its_completion(shell: str) -> None:
    env = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = run(*MODULE, "--show-completion", shell, env=env)
    assert "_FDE_COMPLETE=complete" in done.stdout, done


def on_terminal(*arguments: str, **env: str) -> str:
    """Return what a command writes to a terminal of 80 columns."""
    master, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=BACKEND,
        env={**CLEAN_ENVIRONMENT, "TERM": "xterm", **env},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    ):
        os.close(terminal)
        written = bytearray()
        try:
            while chunk := os.read(master, 4096):
                written += chunk
        except OSError:  # the end, on Linux
            pass
    os.close(master)
    return written.decode()


@pytest.mark.slow
def test_a_terminal_shows_the_progress_of_several_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).touch()
    written = on_terminal("read", f"{tmp_path}/a", f"{tmp_path}/b")
    assert "reading 1 of 2: " in written
    assert "\r\x1b[K" in written
    assert f"fde: {tmp_path}/a: The file is empty" in written


@pytest.mark.parametrize("variable", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_are_for_terminals(
    variable: dict[str, str], call: Fde, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variable.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert ("\x1b[" in call("read", "a.pdf").stdout) == (not variable)


@pytest.mark.slow
def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    script = (
        f"{sys.executable} -m app read --json {tmp_path}/a {tmp_path}/a | true; echo $PIPESTATUS"
    )
    done = run("bash", "-c", script)
    assert done.stdout.strip() in {str(Exit.CLOSED_PIPE.value), str(Exit.UNREADABLE.value)}
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ["--help", "add --help", "schema", "--version"])
def test_a_pipe_that_is_closed_at_once_is_no_error(arguments: str) -> None:
    script = f"{sys.executable} -m app {arguments} | (exec <&-; sleep 2); echo $PIPESTATUS"
    done = run("bash", "-c", script)
    assert (done.stdout.strip(), done.stderr) == (str(Exit.CLOSED_PIPE.value), "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("redirection", "message"),
    [
        (">/dev/full", "fde: cannot use: No space left on device\n"),
        (">&-", "fde: standard output is closed: send it to a file\n"),
        ("2>&-", ""),
    ],
)
def test_output_that_cannot_be_written_is_one_line(
    redirection: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    command = f"{sys.executable} -m app read --json {tmp_path}/a {redirection}"
    done = run("sh", "-c", command)
    assert done.returncode == Exit.UNREADABLE
    assert done.stderr.endswith(message)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_the_page_of_the_command_describes_every_option_limit_and_exit_code(call: Fde) -> None:
    page = (BACKEND.parent / "docs" / "statements" / "command.md").read_text(encoding="utf-8")
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert codes == set(Exit)
    table = page.partition("## Options")[2].partition("## ")[0]
    options = re.findall(r"^\| `(--[\w-]+)", table, re.MULTILINE)
    shown = call("read", "--help").stdout
    assert set(options) == set(re.findall(r"^  (--[\w-]+)", shown, re.MULTILINE))
    for variable in re.findall(r"env var: (\w+)", shown):
        assert f"`{variable}`" in table
    defaults = Limits()
    for value in (defaults.seconds, defaults.memory, defaults.file_size):
        assert f"| {value} |" in table
        assert f"default: {value};" in shown
    assert f"more than {defaults.output} MB" in page
