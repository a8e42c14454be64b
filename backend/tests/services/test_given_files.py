"""Files, folders and patterns of a command line become filings, each once; nothing is hidden."""

import os
from pathlib import Path

import pytest

from app.pipeline.errors import ReadError
from app.pipeline.read.package import Package
from app.services.given_files import Given, expand, pack


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "reports/2023.pdf": "%PDF-1.7",
        "reports/2022/report.pdf": "%PDF-1.6",
        "reports/2022/notes.txt": "notes",
        "reports/.hidden.pdf": "%PDF-1.5",
        "reports/empty.pdf": "",
        "xbrl/acme.xsd": "<schema/>",
        "xbrl/acme.xml": "<xbrl/>",
        "xbrl/print.pdf": "%PDF-1.4",
        "instance/acme.xml": "<?xml version='1.0'?><xbrli:xbrl xmlns:xbrli='x'/>",
        "package/META-INF/taxonomyPackage.xml": "<a/>",
        "package/reports/acme.xhtml": "<html/>",
        "plain/data.xml": "<data/>",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def shown(*names: str) -> list[str]:
    return [
        f"{each.name}{' (folder)' * each.is_folder}{' (left out)' * bool(each.left_out)}"
        for each in expand(names)
    ]


def test_a_folder_gives_its_filings_in_order_and_names_what_is_none(folder: Path) -> None:
    (folder / "reports" / "link").symlink_to(folder)
    os.mkfifo(folder / "reports" / "pipe")
    assert shown("reports") == [
        "reports/2022/notes.txt (left out)",
        "reports/2022/report.pdf",
        "reports/2023.pdf",
        "reports/empty.pdf (left out)",
        "reports/link (left out)",
        "reports/pipe (left out)",
    ]


def test_a_folder_of_xbrl_is_one_filing(folder: Path) -> None:
    assert shown("xbrl") == ["xbrl (folder)", "xbrl/print.pdf"]
    assert shown("instance") == ["instance (folder)"]
    assert shown("package") == ["package (folder)"]
    assert shown("plain") == ["plain/data.xml (left out)"]
    assert shown(str(folder))[:1] == [f"{folder}/instance (folder)"]


def test_a_pattern_is_expanded_unless_a_file_has_that_name(folder: Path) -> None:
    assert shown("reports/20*.pdf") == ["reports/2023.pdf"]
    assert shown("**/report.pdf") == ["reports/2022/report.pdf"]
    assert shown("none*.pdf") == ["none*.pdf"]
    (folder / "20*.pdf").write_text("%PDF-")
    assert shown("20*.pdf") == ["20*.pdf"]


def test_each_file_is_given_once(folder: Path) -> None:
    (folder / "link.pdf").symlink_to(folder / "reports" / "2023.pdf")
    assert shown("reports/2023.pdf", "reports/*.pdf", "link.pdf") == [
        "reports/2023.pdf",
        "reports/empty.pdf",
    ]


@pytest.mark.parametrize(
    ("name", "kept"), [("reports/2023.pdf", "2023.pdf"), ("xbrl/", "xbrl.zip"), (".", "xbrl.zip")]
)
def test_a_file_keeps_its_name_and_a_folder_becomes_a_zip(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, kept: str
) -> None:
    if name == ".":
        monkeypatch.chdir(folder / "xbrl")
    assert next(expand([name])).file_name == kept


def test_a_packed_folder_has_the_same_files(folder: Path) -> None:
    (folder / "xbrl" / ".hidden").write_text("hidden")
    pack(folder / "xbrl", folder / "packed.zip")
    package = Package.from_zip(folder / "packed.zip")
    assert package.names == ("acme.xml", "acme.xsd", "print.pdf")
    assert package.read("acme.xsd") == b"<schema/>"


def test_a_name_that_no_zip_has_is_named(folder: Path) -> None:
    (folder / "xbrl" / "b\udcff.xml").write_text("x")
    with pytest.raises(ReadError, match="rename that file"):
        pack(folder / "xbrl", folder / "packed.zip")


def test_a_file_that_is_not_there_is_given_for_its_reader_to_say_so() -> None:
    assert list(expand(["missing.pdf"])) == [Given("missing.pdf", Path("missing.pdf"))]
