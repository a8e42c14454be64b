"""A generated report from the command line: read, its pages explained, and drawn."""

import json
from pathlib import Path

import pytest

from tests.filings.layout import Layout
from tests.filings.pdf import make_report
from tests.helpers.shell import run

FDE = ("python", "-m", "app", "read")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report 2015.xyz"
    path.write_bytes(make_report(3, Layout(summary=True, contents=True)).data)
    return path


@pytest.mark.slow
def test_a_report_is_read_explained_and_drawn(report: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    done = run(*FDE, "--json", "--picture", str(folder), str(report))
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout)
    pages = sorted(page for each in line["statements"] for page in each["source"]["pages"])
    assert sorted(each.name for each in folder.iterdir()) == [
        f"report 2015-page-{page:03}.png" for page in pages
    ]
    explained = json.loads(run(*FDE, "--json", "--pages", str(report)).stdout)
    assert list(explained) == ["file", "kind", "candidates", "issues", "seconds"]
    taken = sorted(each["page"] for each in explained["candidates"] if each["taken"])
    assert taken == pages
    assert all(each["reasons"] for each in explained["candidates"])
    text = run(*FDE, str(report)).stdout
    assert text.count("\nverified: ") == 3


@pytest.mark.slow
@pytest.mark.parametrize("option", [("--pages",), ("--picture", "pictures")])
def test_another_kind_has_no_pages(option: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    file.write_text('{"cik": 1, "facts": {"us-gaap": {}}}', encoding="utf-8")
    if option[0] == "--picture":
        option = ("--picture", str(tmp_path / "pictures"))
    done = run(*FDE, *option, str(file))
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
