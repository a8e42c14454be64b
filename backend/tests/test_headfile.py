"""The head file says which revision is the newest, whatever wrote it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.util import CommandError
from sqlalchemy import URL, Engine

from app.db.migrations.headfile import HEAD_FILE, read_revision_files, write_head_file
from app.db.migrations.renumber import is_line
from app.db.migrations.state import load_scripts
from tests.shell import BACKEND, run

NOWHERE = "postgresql://u:p@127.0.0.1:1/n"


@pytest.fixture
def versions(checkout: Path) -> Path:
    return checkout / "alembic" / "versions"


@pytest.fixture
def on_copy(checkout: Path, alembic: Callable[..., int]) -> Callable[..., int]:
    """Return the `alembic` command line on a copy of the tree: arguments, then maybe a database."""

    def run_alembic(*arguments: str, url: URL | str = NOWHERE) -> int:
        return alembic(url, *arguments, ini=str(checkout / "alembic.ini"))

    return run_alembic


def heads(versions: Path) -> list[str]:
    return (versions / HEAD_FILE).read_text(encoding="utf-8").splitlines()


def test_head_file_names_the_head() -> None:
    versions = BACKEND / "alembic" / "versions"
    assert is_line(read_revision_files(versions)), (
        "two branches added a revision: `make migrate-renumber` puts this one's behind the other's"
    )
    scripts = load_scripts(BACKEND / "alembic.ini")
    expected = [Path(scripts.get_revision(head).path).stem for head in scripts.get_heads()]
    assert heads(versions) == expected, f"`make migrate-renumber` mends {HEAD_FILE}"


def test_the_command_line_writes_the_head_file_with_a_blank_revision(
    checkout: Path, versions: Path
) -> None:
    ini = str(checkout / "alembic.ini")
    command = ("alembic", "-c", ini, "revision", "-m", "one more", "--rev-id", "500")
    done = run(*command, env={"DATABASE_URL": NOWHERE})
    assert done.returncode == 0, done.stderr
    assert (versions / HEAD_FILE).read_text(encoding="utf-8") == "500_one_more\n"


def test_autogenerate_writes_the_head_file_only_with_a_revision(
    on_copy: Callable[..., int], versions: Path, migrated: Engine, migrated_url: URL
) -> None:
    before = heads(versions)
    assert on_copy("revision", "--autogenerate", "-m", "nothing", url=migrated_url) == 0
    assert heads(versions) == before
    with migrated.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE documents DROP COLUMN file_path")
    assert on_copy("revision", "--autogenerate", "-m", "add path", url=migrated_url) == 0
    assert heads(versions) == [path.stem for path in versions.glob("*_add_path_2_of_2.py")]


def test_a_second_head_is_named_too_until_a_merge_follows_both(
    on_copy: Callable[..., int], versions: Path
) -> None:
    (before,) = heads(versions)
    branch = ("--splice", "--head", "001", "--branch-label", "side")
    assert on_copy("revision", "-m", "aside", "--rev-id", "500", *branch) == 0
    assert heads(versions) == [before, "500_aside"]
    assert on_copy("merge", "heads", "-m", "together", "--rev-id", "501") == 0
    assert heads(versions) == ["501_together"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<<<<<<< HEAD\nrevision = "003"\n=======\n', "003_x.py is no Python in line 1"),
        ('revision = "003"\n', "003_x.py does not set revision and down_revision"),
        ("revision = 3\ndown_revision = None\n", "003_x.py does not set revision"),
        ('revision = f"{3}"\ndown_revision = None\n', "003_x.py does not set revision"),
    ],
)
def test_a_file_that_is_no_revision_is_named(text: str, reason: str, versions: Path) -> None:
    before = heads(versions)
    (versions / "003_x.py").write_text(text)
    with pytest.raises(CommandError, match=reason):
        write_head_file(versions)
    assert heads(versions) == before


def test_what_is_no_revision_for_alembic_is_none_here(versions: Path) -> None:
    before = heads(versions)
    for name in (".#003_x.py", "__init__.py", "notes.txt"):
        (versions / name).write_text("no revision")
    write_head_file(versions)
    assert heads(versions) == before
