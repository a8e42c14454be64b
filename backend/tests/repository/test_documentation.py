"""Check the documentation against the code: its SQL, diagram, commands, files and links."""

import re
from ast import literal_eval
from collections.abc import Iterator
from inspect import Parameter, signature
from pathlib import Path

import pytest
from alembic.operations import Operations
from sqlalchemy import URL, Engine, text

from alembic_zero_downtime import CommandNames, Project
from alembic_zero_downtime.cli.commands import COMMANDS
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.history.ledger import LEDGER
from alembic_zero_downtime.settings import PARSERS
from alembic_zero_downtime.tables import MIGRATION_TABLES
from app.db.url import resolve_database_url
from app.errors import SettingsError
from tests.helpers.shell import BACKEND, psql, run

ROOT = BACKEND.parent
DOCS = ROOT / "docs"
ENTRANCE = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
SCHEMA_PAGE = DOCS / "database" / "schema.md"
QUERIES_PAGE = DOCS / "database" / "queries.md"
MIGRATIONS_PAGE = DOCS / "database" / "migrations.md"
REFERENCE = DOCS / "migrations" / "reference"
LONGEST_PAGE = 400  # lines

FENCE = re.compile(r"^ *```(?P<language>\w*)\n(?P<code>.*?)^ *```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SECTION = re.compile(r"^##+ ([^\n]+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)

# "make it" is part of a message.
MAKE = re.compile(r"\bmake(?: -C (\S+))? (?!it\b)([a-z][a-z-]+)")
TARGET = re.compile(r"^([a-z][a-z-]*):.*## ", re.MULTILINE)
MAKEFILES = {
    folder: set(TARGET.findall((ROOT / folder / "Makefile").read_text(encoding="utf-8")))
    for folder in ("backend", "infrastructure")
}

PATH = re.compile(r"(?<![\w/.:])[\w.-][\w./-]*")
SUFFIXES = {".awk", ".example", ".ini", ".lock", ".mako", ".md", ".py", ".sh", ".toml", ".yml"}
# Created by a command, or the name of a revision that does not exist yet.
NOT_IN_GIT = re.compile(
    r"(^|/)(\.bench|\.demo|\.venv|\.postgres|\.backups|\.storage|\.env$|_build)|(^|/)00[3-9]_\w+\.py"
)
PRUNED = {
    ".git",
    ".bench",
    ".demo",
    ".venv",
    ".postgres",
    ".backups",
    ".storage",
    "_build",
    "__pycache__",
}


def below(folder: Path) -> Iterator[Path]:
    for each in sorted(folder.iterdir()):
        if each.name not in PRUNED and not each.name.endswith("_cache"):
            yield each
            if each.is_dir():
                yield from below(each)


PAGES = [*ENTRANCE, *(path for path in below(DOCS) if path.suffix == ".md")]
TREE = {path.relative_to(ROOT).as_posix() for path in below(ROOT)}
FOLDERS = {path.name for top in (ROOT, BACKEND) for path in top.iterdir() if path.is_dir()}


def title(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def snippets(page: Path) -> list[str]:
    """Return the page's fenced and inline code."""
    text = page.read_text(encoding="utf-8")
    fenced = [match["code"] for match in FENCE.finditer(text)]
    return fenced + INLINE.findall(FENCE.sub("", text))


def make_commands(page: Path) -> set[tuple[str, str]]:
    """Return the make commands of the page: the folder, if there is one, and the target."""
    found = (match for code in snippets(page) for match in MAKE.findall(code))
    return {(Path(folder).name, target) for folder, target in found}


def named_paths(page: Path) -> set[str]:
    """Return the names that look like files or folders of the repository, without leading dots."""
    found = (word for code in snippets(page) for word in PATH.findall(code))
    paths = {re.sub(r"^(\.\./|path/to/project/)+", "", word).rstrip("/.") for word in found}
    return {
        path
        for path in paths
        if not NOT_IN_GIT.search(path)
        and (Path(path).suffix in SUFFIXES or ("/" in path and path.split("/")[0] in FOLDERS))
    }


def answer(url: URL, sql: str) -> str:
    """Return psql's answer without the spaces at the ends of its lines."""
    return "\n".join(line.rstrip() for line in psql(url, sql).strip("\n").splitlines())


def sql_and_answers() -> Iterator[tuple[str, str, str]]:
    """Return each section's title, SQL, and the answer that the page shows, if any."""
    for heading, body in SECTION.findall(QUERIES_PAGE.read_text(encoding="utf-8")):
        code = {match["language"]: match["code"] for match in FENCE.finditer(body)}
        if "sql" in code:
            yield heading, code["sql"], code.get("text", "").rstrip("\n")


def test_queries_run_and_answer_what_the_page_shows(migrated_database: URL) -> None:
    found = list(sql_and_answers())
    assert len(found) == QUERIES_PAGE.read_text(encoding="utf-8").count("```sql"), (
        "one statement and one answer to a heading, so that each is tested"
    )
    for _, sql, _ in found:
        if sql.startswith("INSERT"):
            answer(migrated_database, sql)
    queries = [each for each in found if not each[1].startswith("INSERT")]
    answers = {heading: answer(migrated_database, sql) for heading, sql, _ in queries}
    assert len(answers) == len(queries), "two sections have the same title"
    shown = {heading: page for heading, _, page in queries if page}
    assert {heading: answers[heading] for heading in shown} == shown
    for heading in answers.keys() - shown:
        assert "(0 rows)" not in answers[heading], f"show that it is empty: {heading}"


def test_diagram_of_the_tables_is_current() -> None:
    done = run("paracelsus", "inject", "--check", str(SCHEMA_PAGE))
    assert done.returncode == 0, (
        "the models have changed: cd backend && .venv/bin/paracelsus inject "
        f"../docs/database/schema.md\n{done.stdout}{done.stderr}"
    )


def test_schema_page_describes_every_column(migrated: Engine) -> None:
    sections = dict(SECTION.findall(SCHEMA_PAGE.read_text(encoding="utf-8")))
    with migrated.connect() as connection:
        columns = connection.execute(
            text(
                "SELECT table_name, column_name, is_nullable = 'YES'"
                "  FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name <> ALL (:migration_tables)"
            ),
            {"migration_tables": list(MIGRATION_TABLES)},
        ).all()
    assert columns
    row = re.compile(r"^\| `(\w+)` \| \w+ \| (yes|no) \|", re.MULTILINE)
    described = {
        (table, name, null == "yes")
        for table in {column[0] for column in columns}
        for name, null in row.findall(sections.get(table, ""))
    }
    assert described == {tuple(column) for column in columns}


def test_schema_page_describes_every_constraint_and_index(migrated: Engine) -> None:
    with migrated.connect() as connection:
        names = connection.scalars(
            text(
                "SELECT conname FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
                " UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
            )
        ).all()
    page = SCHEMA_PAGE.read_text(encoding="utf-8")
    described = re.findall(r"^\| `((?:ck|fk|ix|pk|uq)_\w+)` \|", page, re.MULTILINE)
    assert set(described) == {
        name for name in names if not any(table in name for table in MIGRATION_TABLES)
    }


@pytest.mark.parametrize(
    "lines",
    [
        "DATABASE_URL=",
        "DATABASE_URL=' postgresql://user:password@host/name'",
        "DATABASE_URL=postgresql://user:p@ssword@host/name",
        "DATABASE_URL=postgresql://user:p?ssword@host/name",
        "DATABASE_URL=postgresql://user:password@host/name?schema=public",
        "DATABASE_URL=postgresql+asyncpg://user:password@host/name",
        "DB_HOST=postgresql://h/d\nDB_NAME=n\nDB_USERNAME=u\nDB_PASSWORD=p",
        "DB_HOST=h\nDB_NAME='dbname=n'\nDB_USERNAME=u\nDB_PASSWORD=p",
        "DATABASE_URL=mysql://user:password@host/name",
        "DATABASE_URL=postgresql://user:password@host",
        "DB_HOST=host",
        "DB_HOST=host\nDB_PORT=five",
        "DATABASE_URL=postgresql://user:password@host/name\nDB_HOST=host",
        "DB_HOST=host\nDB_PORT",
    ],
)
def test_page_quotes_what_a_wrong_setting_is_told(lines: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(lines, encoding="utf-8")
    with pytest.raises(SettingsError) as refusal:
        resolve_database_url({}, tmp_path / ".env")
    quoted = str(refusal.value).replace("DATABASE_URL (.env)", "DATABASE_URL")
    assert f"`{quoted}`" in MIGRATIONS_PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_make_commands_that_a_page_names_exist(page: Path) -> None:
    anywhere = set().union(*MAKEFILES.values())
    unknown = {
        target
        for folder, target in make_commands(page)
        if target not in MAKEFILES.get(folder, anywhere)
    }
    assert not unknown


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_files_that_a_page_names_exist(page: Path) -> None:
    missing = {
        path
        for path in named_paths(page)
        if path not in TREE and not any(each.endswith(f"/{path}") for each in TREE)
    }
    assert not missing


@pytest.mark.parametrize("page", ENTRANCE, ids=title)
def test_links_of_the_first_pages_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    relative = [link.partition("#")[0] for link in links if "://" not in link]
    assert not [link for link in relative if not (page.parent / link).exists()]


@pytest.mark.parametrize("folder", MAKEFILES)
def test_every_make_target_is_documented(folder: str) -> None:
    documented = {
        target
        for page in PAGES
        if page not in ENTRANCE
        for where, target in make_commands(page)
        if where in (folder, "")
    }
    assert MAKEFILES[folder], "no target found"
    assert MAKEFILES[folder] <= documented


@pytest.mark.parametrize(
    ("page", "described"),
    [
        ("settings.md", [f"MIGRATION_{name.upper()}" for name in PARSERS]),
        ("project.md", [*Project.__dataclass_fields__, *CommandNames.__dataclass_fields__]),
        ("ledger.md", [column.name for column in LEDGER.columns]),
    ],
)
def test_reference_describes_every_name(page: str, described: list[str]) -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", (REFERENCE / page).read_text(), re.MULTILINE)
    assert set(described) <= {name for row in rows for name in re.findall(r"\w+", row)}


def test_reference_describes_every_command_and_exit_code() -> None:
    commands = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)[^|]*\| `make ", commands, re.MULTILINE)) == set(COMMANDS)
    codes = (REFERENCE / "exit-codes.md").read_text(encoding="utf-8")
    library = codes.partition("## The library's commands")[2]
    described = {int(code) for code in re.findall(r"^\| (\d+) \|", library, re.MULTILINE)}
    assert described == {2, *(code.value for code in Exit)}, "2 is argparse's own"


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_no_page_is_too_long_to_be_read(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= LONGEST_PAGE


def test_operations_page_has_each_operation_and_each_argument_of_its_own() -> None:
    page = (REFERENCE / "operations.md").read_text(encoding="utf-8")
    tables = page.partition("## ")[0]
    operations = {each for each in vars(Operations) if each.endswith(("_online", "_backfill"))}
    assert set(re.findall(r"^\| `op\.(\w+)` \|", tables, re.MULTILINE)) == operations
    own = {
        name: parameter.default
        for each in operations
        for name, parameter in signature(getattr(Operations, each)).parameters.items()
        if parameter.default is not Parameter.empty and name not in taken_by_the_plain(each)
    }
    described = re.findall(r"^\| `(\w+)` \| .+? \| `(.+?)` \|", tables, re.MULTILINE)
    assert {name: literal_eval(default) for name, default in described} == own


def taken_by_the_plain(operation: str) -> set[str]:
    """Return the arguments of what an online operation stands in place of, and `schema`."""
    plain = operation.removesuffix("_online")
    has_plain = plain != operation and hasattr(Operations, plain)
    return {"schema", *(signature(getattr(Operations, plain)).parameters if has_plain else ())}
