"""The examples of the pages about the API, as written, on the company of `make demo`."""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from tests.filings.decade import DEMO, DEMO_SEED, make_decade
from tests.filings.decade_readings import write_files
from tests.helpers.api_server import api_server
from tests.helpers.shell import BACKEND, as_text, run
from tests.repository.api_pages import Example, examples, is_same, is_shown

PAGES = BACKEND.parent / "docs" / "api"
TOKEN = "a-token-of-forty-characters-and-not-fewer"
# The status of each request, apart from what is printed.
CURL = '--no-progress-meter\nwrite-out = "%{stderr}status %{http_code}\\n"\n'


@dataclass(frozen=True)
class Demo:
    """What `make demo` leaves.

    Attributes:
        database: Name of a database that is copied for each page.
    """

    root: Path
    database: str


@pytest.fixture(scope="module")
def demo(
    tmp_path_factory: pytest.TempPathFactory, migration_server: URL, migrated_template: str
) -> Iterator[Demo]:
    root = tmp_path_factory.mktemp("checkout")
    made = root / "backend" / ".demo"
    write_files(make_decade(DEMO_SEED, DEMO), made / "reports")
    (root / ".curlrc").write_text(CURL, encoding="utf-8")
    name = f"demo_{uuid4().hex[:12]}"
    admin = create_engine(migration_server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE {name} TEMPLATE "{migrated_template}"')
    try:
        url = as_text(migration_server.set(database=name))
        env = {"DATABASE_URL": url, "STORAGE_URL": str(made / "storage")}
        command = (sys.executable, "-m", "app", "add", "--create", "CVF", str(made / "reports"))
        done = run(*command, env=env)
        assert done.returncode == 0, done.stderr
        yield Demo(root, name)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_examples_print_what_the_page_shows(
    page: Path, demo: Demo, create_database: Callable[[str], URL], tmp_path: Path
) -> None:
    shown = list(examples(page.read_text(encoding="utf-8")))
    if not shown:
        pytest.skip("the page has no example")
    root = tmp_path / "checkout"
    shutil.copytree(demo.root, root)
    files = str(root / "backend" / ".demo" / "storage")
    database = create_database(demo.database)
    with api_server(database, tmp_path, WRITE_TOKEN=TOKEN, STORAGE_URL=files) as server:
        for each in shown:
            _check(each, server.port, root)


def _check(example: Example, port: int, root: Path) -> None:
    """Run an example, and compare what it prints."""
    code = example.code.replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    shell = ("sh", "-euc") if example.language == "bash" else (sys.executable, "-Werror", "-c")
    env = {"HOME": str(root), "WRITE_TOKEN": TOKEN}
    done = run(*shell, code, cwd=root, env=env)
    assert done.returncode == 0, (code, done)
    if example.kind is None:
        statuses = re.findall(r"^status (\d+)$", done.stderr, re.MULTILINE)
        assert all(status < "400" for status in statuses), (code, done)
    else:
        assert is_shown(done.stdout, example), f"{code}\n{done.stdout}\n{done.stderr}"


def test_examples_of_a_page_are_found() -> None:
    page = """
```bash
make run
```

```bash
curl -s http://127.0.0.1:8000/healthz
```

```json
{"status": "alive"}
```

1. In a list:

   ```python
   print("a")
   ```
"""
    found = list(examples(page))
    assert [each.kind for each in found] == ["json", None]
    assert found[1].code == 'print("a")\n'


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ({"a": 1, "…": "…"}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": "…"}, {"a": [1]}, True),
        ({"a": "…", "…": "…"}, {"b": 1}, False),
        ([1, "…"], [1, 2, 3], True),
        ([1, "…"], [], False),
        ([1], [1, 2], False),
        ("sha256 …", "sha256 ab", True),
        ("sha256 …", "sha512 ab", False),
        (1, True, False),
        (1, "1", False),
    ],
)
def test_json_with_ellipses_is_compared(*, shown: object, printed: object, expected: bool) -> None:
    assert is_same(shown, printed) == expected


def test_text_with_ellipses_is_compared() -> None:
    example = Example("bash", "", "text", "HTTP/1.1 200 OK\n…\netag: …\n")
    assert is_shown("HTTP/1.1 200 OK\r\ndate: today\r\netag: 1\r\n", example)
    assert not is_shown("HTTP/1.1 404 Not Found\r\ndate: today\r\netag: 1\r\n", example)
