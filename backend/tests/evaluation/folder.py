"""The filings of a folder, by their content, and which of them say what a PDF must say."""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from tests.evaluation.facts import (
    Tagged,
    balance_days,
    entity_key,
    read_companyfacts,
    read_instance,
    read_json,
)
from tests.evaluation.inline_facts import read_inline
from tests.evaluation.labels import all_labels
from tests.helpers.shell import BACKEND

Kind = Literal["pdf", "ixbrl", "xbrl", "xbrl_json", "companyfacts"]
_HEAD = 1 << 16
_INSTANCE = re.compile(rb"<(?:[\w.-]+:)?xbrl[\s>]")
_INLINE = re.compile(rb"http://www\.xbrl\.org/20\d\d/inlineXBRL")
_YEAR = re.compile(r"(?:19|20)\d\d")
_PRIORITY: dict[str, int] = {"ixbrl": 0, "xbrl": 1, "xbrl_json": 2, "companyfacts": 3}


@dataclass(frozen=True, slots=True)
class Given:
    """A filing of the folder.

    Attributes:
        path: Of the file, or of the folder with an XBRL instance.
        main: The document or instance itself.
        name: Path relative to the folder of filings.
        company: As the manifest names it, "" where it does not.
        fiscal_year: The last one that the manifest names.
    """

    path: Path
    main: Path
    name: str
    kind: Kind
    company: str = ""
    fiscal_year: int | None = None


def find_folder(given: str) -> Path | None:
    """Return a folder that `make` names, from backend/ or from the checkout; None for no folder."""
    places = (Path(given), BACKEND.parent / given)
    return next((each.resolve() for each in places if given and each.is_dir()), None)


def find_filings(folder: Path, unpacked: Path) -> tuple[list[Given], list[str]]:
    """Return the filings below a folder, and the names of the files that are none.

    Args:
        folder: Where they are; a `manifest.json` in it may name company and fiscal year.
        unpacked: An empty folder, into which packages are unpacked to compare them.
    """
    manifest = _manifest(folder)
    found: dict[Path, Given] = {}
    left: list[str] = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        if name == "manifest.json" or "/." in f"/{name}":
            continue
        described = _describe(path, unpacked)
        if described is None:
            left.append(name)
            continue
        whole, main, kind = described
        about = manifest.get(name, {})
        years = [int(each) for each in _YEAR.findall(str(about.get("fiscal_years", "")))]
        shown = whole.relative_to(folder).as_posix()
        company = str(about.get("company", ""))
        given = Given(whole, main, shown, kind, company, max(years, default=None))
        found.setdefault(whole, given)
    parts = {each.main.parent for each in found.values() if each.kind == "xbrl"}
    return list(found.values()), [each for each in left if (folder / each).parent not in parts]


def _manifest(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    try:
        listed = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return {str(each["file"]): each for each in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _describe(path: Path, unpacked: Path) -> tuple[Path, Path, Kind] | None:
    """Return the filing that a file is or belongs to, its document, and its kind."""
    with path.open("rb") as opened:
        head = opened.read(_HEAD)
    if b"%PDF-" in head[:1024]:
        return path, path, "pdf"
    if head.startswith(b"PK\3\4"):
        return _describe_package(path, unpacked)
    kind = _kind_of_text(path, head.lstrip(b"\xef\xbb\xbf \r\n\t"))
    whole = path.parent if kind == "xbrl" else path
    return (whole, path, kind) if kind else None


def _kind_of_text(path: Path, text: bytes) -> Kind | None:
    if text.startswith(b"{"):
        if b"xbrl-json" in text:
            return "xbrl_json"
        return "companyfacts" if b'"accn"' in path.read_bytes() else None
    if text.startswith(b"<") and _INLINE.search(text):
        return "ixbrl"
    return "xbrl" if text.startswith(b"<") and _INSTANCE.search(text) else None


def _describe_package(path: Path, unpacked: Path) -> tuple[Path, Path, Kind] | None:
    target = unpacked / f"{len(list(unpacked.iterdir()))}-{path.stem}"
    target.mkdir()
    try:
        with zipfile.ZipFile(path) as package:
            package.extractall(target)
    except (zipfile.BadZipFile, OSError, RuntimeError):
        return None
    for each in sorted(target.rglob("*")):
        described = _describe(each, unpacked) if each.is_file() else None
        if described is not None:
            return path, described[1], described[2]
    return None


@cache
def tagged_filings(given: Given) -> tuple[Tagged, ...]:
    """Return the filings that a tagged file knows the facts of."""
    if given.kind == "companyfacts":
        return tuple(read_companyfacts(given.main))
    if given.kind == "ixbrl":
        found = read_inline(given.main)
    elif given.kind == "xbrl_json":
        found = read_json(given.main)
    else:
        labels = linkbase(given.main.parent, b"labelLink")
        found = read_instance(given.main, all_labels(labels) if labels else {})
    return (found,) if found else ()


def linkbase(folder: Path, element: bytes) -> Path | None:
    """Return the first file of a folder with such an element, such as labelLink."""
    for path in sorted(folder.glob("*.xml")) + sorted(folder.glob("*.xsd")):
        if re.search(rb"<(?:[\w.-]+:)?" + element + rb"[\s>]", path.read_bytes()):
            return path
    return None


def truths_for(
    pdf: Given, pages: Sequence[str], others: Sequence[Given]
) -> Iterator[tuple[Tagged, date]]:
    """Yield the facts that say what a PDF must say, the best first, with its last day.

    Those of the same filing, then those of companyfacts, then those of the next year's filing,
    which repeats the year. Without a manifest, the company's name and the last day are looked for
    on the first pages.
    """
    front = " ".join(" ".join(pages[:3]).casefold().split())
    found: list[tuple[tuple[int, int], Tagged, date]] = []
    for other in others:
        if other.kind == "pdf" or (pdf.company and other.company and not _same(pdf, other)):
            continue
        for tagged in tagged_filings(other):
            named = entity_key(tagged.entity)
            if not (pdf.company and other.company) and (not named or named not in front):
                continue
            for later, day in enumerate(sorted(balance_days(list(tagged.facts)), reverse=True)[:2]):
                year = tagged.fiscal_year - later
                if pdf.fiscal_year == year if pdf.fiscal_year else _printed(day) & _dates(front):
                    found.append(((later, _PRIORITY[tagged.origin]), tagged, day))
    for _, tagged, day in sorted(found, key=lambda each: each[0]):
        yield tagged, day


def _same(left: Given, right: Given) -> bool:
    return entity_key(left.company) == entity_key(right.company)


def _printed(day: date) -> set[str]:
    month = day.strftime("%B").casefold()
    return {f"{month} {day.day} {day.year}", f"{day.day} {month} {day.year}", day.isoformat()}


def _dates(text: str) -> set[str]:
    found = re.findall(
        r"[a-z]+ \d{1,2}, ?\d{4}|\d{1,2}(?:st|nd|rd|th)? [a-z]+ \d{4}|\d{4}-\d\d-\d\d", text
    )
    return {re.sub(r"(?<=\d)(?:st|nd|rd|th)|,", "", each) for each in found}


def is_annual_report_to_the_sec(pages: Sequence[str]) -> bool:
    """Whether a PDF is a 10-K, by its first pages."""
    return bool(re.search(r"form\s*10-k", " ".join(pages[:4]), re.IGNORECASE))
