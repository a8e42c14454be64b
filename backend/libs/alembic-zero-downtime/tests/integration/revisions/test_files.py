"""Files in the folder of the revisions that are not as an editor leaves them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from alembic_zero_downtime.history.checksum import checksum, checksum_of
from support.databases import read_version
from support.project import HEAD, ProjectCopy
from support.shell import CLEAN_ENVIRONMENT, Done, as_text

Alembic = Callable[..., int]
Manage = Callable[..., Done]

ENCODED = {
    "byte order mark": lambda code: b"\xef\xbb\xbf" + code.encode(),
    "CRLF": lambda code: code.replace("\n", "\r\n").encode(),
    "CR": lambda code: code.replace("\n", "\r").encode(),
    "declared encoding": lambda code: f"# -*- coding: latin-1 -*-\n# \xe9\n{code}".encode(
        "latin-1"
    ),
}


def break_link(path: Path) -> None:
    path.with_name("zz.py").symlink_to("no_such_file")


def edit(old: str, new: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(path.read_text().replace(old, new, 1))


BROKEN = {
    "broken link": (break_link, "zz.py cannot be read: it is a broken link"),
    "no upgrade()": (edit("def upgrade", "def up"), "003_of_a_test.py has no function upgrade()"),
    "bracket": (
        edit("    pass", "    op.execute('x'"),
        "003_of_a_test.py, line 11: SyntaxError: '(' was never closed\n",
    ),
    "null byte": (
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        "003_of_a_test.py: SyntaxError: source code string cannot contain null bytes\n",
    ),
    "error while it is imported": (
        edit('"""003', 'import os\nos.environ[\'NOT_SET\']\n"""003'),
        "KeyError: 'NOT_SET' (003_of_a_test.py, line 2)",
    ),
}


@pytest.mark.parametrize("encode", [*ENCODED.values()], ids=[*ENCODED])
def test_a_revision_in_another_encoding_runs_and_is_recorded(
    encode: Callable[[str], bytes],
    project: ProjectCopy,
    alembic: Alembic,
    manage: Manage,
    migrated: Engine,
) -> None:
    path = project.path_of(project.add("pass"))
    code = path.read_text()
    path.write_bytes(encode(code))
    assert checksum_of(path) == checksum(code)
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert manage(migrated.url, "verify", ini=project.ini).returncode == 0
    assert manage(migrated.url, "lint", "--all", ini=project.ini).returncode in (0, 11)


def test_a_directory_with_the_name_of_a_revision_is_ignored(
    project: ProjectCopy, alembic: Alembic, manage: Manage, migrated: Engine
) -> None:
    project.path_of(project.add("pass")).with_name("zz.py").mkdir()
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert manage(migrated.url, "renumber", ini=project.ini).returncode == 0


@pytest.mark.parametrize(("damage", "message"), [*BROKEN.values()], ids=[*BROKEN])
def test_a_file_that_cannot_be_loaded_is_one_line_and_the_database_is_shown(
    damage: Callable[[Path], object],
    message: str,
    project: ProjectCopy,
    alembic: Alembic,
    manage: Manage,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(project.path_of(project.add("pass")))
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    output = capsys.readouterr()
    (failure,) = [line for line in output.err.splitlines(keepends=True) if "FAILED" in line]
    assert message in failure
    assert output.out == ""
    assert read_version(migrated) == HEAD
    info = manage(migrated.url, "info", ini=project.ini)
    assert info.returncode == 1
    assert message in info.stderr
    assert f"Revision  {HEAD}" in info.stdout
    assert "companies" in info.stdout
    shown = json.loads(manage(migrated.url, "info", "--json", ini=project.ini).stdout)
    assert shown["revision"]["current"] == [HEAD]


def test_a_missing_downgrade_is_named(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    edit("def downgrade", "def down")(project.path_of(project.add("pass")))
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert alembic(migrated.url, "downgrade", "-1", ini=project.ini) != 0
    assert "003_of_a_test.py has no function downgrade(): add it" in capsys.readouterr().err


LIBRARY_ERROR = "import json; json.loads('{x')"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (LIBRARY_ERROR, "char 1) (003_of_a_test.py, line 11)"),
        (
            "op.execute('SELECT 1')\nop.execute('UPDAT  companies\\n SET name = name')",
            'at or near "UPDAT" (003_of_a_test.py, line 12: UPDAT companies SET name = name)',
        ),
        (
            "op.execute(\"ALTER ROLE no_such_role PASSWORD 's3cret'\")",
            "does not exist (003_of_a_test.py, line 11: ALTER ROLE no_such_role )",
        ),
    ],
    ids=["in a library", "SQL", "password"],
)
def test_an_error_names_the_line_of_the_revision_and_the_statement(
    lines: str,
    message: str,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(lines)
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    output = capsys.readouterr()
    assert message in output.err
    assert "s3cret" not in output.err + output.out


def test_an_error_in_offline_mode_is_one_line(
    project: ProjectCopy, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    project.add(LIBRARY_ERROR)
    assert alembic("postgresql://u@/d", "upgrade", "head", "--sql", ini=project.ini) != 0
    assert "(003_of_a_test.py, line 11). The script is incomplete" in capsys.readouterr().err


PRINTING = "print('Updating 0 rows.')"


@pytest.mark.parametrize("command", ["lint --json --all", "info --json", "history --json"])
def test_words_of_a_revision_are_not_in_the_json(
    command: str, project: ProjectCopy, manage: Manage, migrated: Engine
) -> None:
    project.add(PRINTING, declarations=PRINTING)
    done = manage(migrated.url, *command.split(), ini=project.ini)
    json.loads(done.stdout)
    assert "Updating 0 rows." in done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.system('echo Updating')",
        "import os; os.write(1, b'Updating')",
        "import sys; sys.__stdout__.write('Updating')",
    ],
)
def test_output_past_python_s_standard_output_is_not_in_the_json(
    code: str, project: ProjectCopy, migrated: Engine
) -> None:
    project.add("pass", declarations=code)
    program = Path(sys.executable).with_name("alembic-zero-downtime")
    done = subprocess.run(
        [program, "-c", project.ini, "info", "--json"],
        env={**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(migrated.url)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout)["revision"]["pending"] == ["003"]
    assert "Updating" in done.stderr


def test_words_of_a_revision_are_not_in_the_sql_script(
    project: ProjectCopy, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    project.add(PRINTING)
    assert alembic("postgresql://u@/d", "upgrade", "head", "--sql", ini=project.ini) == 0
    output = capsys.readouterr()
    assert "Updating" in output.err
    assert "Updating" not in output.out
