"""Find the report in a package: by the layout of report packages, else by what the files are.

Source: Report Packages 1.0 (XBRL International), and the ESEF reporting manual on names.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from app.pipeline.errors import ReadError
from app.pipeline.statement import Filing, Issue

if TYPE_CHECKING:
    from app.pipeline.read.package import Package

_HTML: Final = re.compile(r"\.x?html?$", re.IGNORECASE)
_XML: Final = re.compile(r"\.(?:xml|xbrl)$", re.IGNORECASE)
_JSON: Final = re.compile(r"\.json$", re.IGNORECASE)
_PDF: Final = re.compile(r"\.pdf$", re.IGNORECASE)
_INLINE: Final = re.compile(rb"http://www\.xbrl\.org/20\d\d/inlineXBRL(?=[\"'])")
_INSTANCE: Final = re.compile(rb"<(?:[\w.-]+:)?xbrl[\s>]")
_XBRL_JSON: Final = re.compile(rb'"https?:\\?/\\?/(?:www\.)?xbrl\.org\\?/[^"]{1,40}?xbrl-json"')
_TAGGED: Final = re.compile(rb"<[\w.-]*:?nonFraction\b")
_CONTEXT: Final = re.compile(rb"""<(?:[\w.-]+:)?context\b[^>]*?\bid\s*=\s*["']([^"']+)""")
_ENTITY: Final = re.compile(rb"<(?:[\w.-]+:)?identifier\b[^>]*>\s*([^<\s]+)")
_REPORTS: Final = re.compile(r"(?:^|/)reports/")
_LANGUAGES: Final = (
    "bg|cs|da|de|el|en|es|et|fi|fr|ga|hr|hu|is|it|lt|lv|mt|nb|nl|no|pl|pt|ro|sk|sl|sv"
)
_NAMED_LANGUAGE: Final = re.compile(rf"[-_.]({_LANGUAGES})(?=[-_.]|$)", re.IGNORECASE)
_MARKED_LANGUAGE: Final = re.compile(rb"""\blang\s*=\s*["']([A-Za-z]{2})""")
_HEAD: Final = 65_536
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class _Report:
    """A report of the package.

    Attributes:
        name: Of its main file.
        language: ISO 639-1, as its name or its root element says.
        read: Reads it.
    """

    name: str
    language: str | None
    read: Callable[[], Filing]


def read_report(package: "Package") -> Filing:
    """Read the report of a package; of several, the English one or else the first by name.

    Raises:
        ReadError: There is none, or it cannot be read.
    """
    for find in (_inline, _instance, _json, _pdf):
        reports = find(package)
        if reports:
            break
    else:
        raise ReadError(
            "no_report",
            "The package holds no annual report: give the report itself, as PDF, iXBRL or XBRL",
        )
    first, *others = sorted(reports, key=lambda each: (each.language != "en", each.name))
    filing = first.read()
    if others:
        names = ", ".join(each.name for each in others[:_SHOWN])
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        message = f"{first.name} is read; the package also holds {names}{more}: give one alone"
        filing.issues.append(Issue(code="several_reports", message=message))
    return filing


def _inline(package: "Package") -> list[_Report]:
    """Return the Inline XBRL reports; the documents of one folder are one report.

    Files right below `reports` are a report each; so says the standard.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in package.names:
        if _HTML.search(name) and _INLINE.search(package.read(name)):
            folder, _, _ = name.rpartition("/")
            alone = _REPORTS.search(f"{folder}/") and not _REPORTS.split(f"{folder}/")[-1]
            groups[name if alone else folder].append(name)
    sets = [each for names in groups.values() for each in _sets(package, names)]
    return [_inline_report(package, names) for names in sets]


def _sets(package: "Package", names: Sequence[str]) -> list[list[str]]:
    """Return documents of one folder by report: no report defines a context or entity twice."""
    sets: list[tuple[set[bytes], set[bytes], list[str]]] = []
    for name in names:
        data = package.read(name) if len(names) > 1 else b""
        contexts = set(_CONTEXT.findall(data))
        entities = set(_ENTITY.findall(data))
        for known, companies, members in sets:
            if known.isdisjoint(contexts) and (
                not (entities and companies) or entities & companies
            ):
                known.update(contexts)
                companies.update(entities)
                members.append(name)
                break
        else:
            sets.append((contexts, entities, [name]))
    return [members for _, _, members in sets]


def _inline_report(package: "Package", names: Sequence[str]) -> _Report:
    """Return the report of a set of documents; the main one has the most tagged numbers."""
    sizes = {name: len(_TAGGED.findall(package.read(name))) for name in names}
    main = max(sorted(names), key=lambda name: sizes[name])

    def read() -> Filing:
        from app.pipeline.read.ixbrl import read_ixbrl  # noqa: PLC0415 - one reader a process
        from app.pipeline.read.xbrl.anchors import anchor_rows  # noqa: PLC0415

        others = {name: package.read(name) for name in names if name != main}
        filing = read_ixbrl(package.read(main), others=others)
        anchor_rows(filing.statements, package)
        return filing

    return _Report(main, _language(main, package.read(main)), read)


def _instance(package: "Package") -> list[_Report]:
    """Return the XBRL instance with its linkbases, which are read as one report."""
    for name in package.names:
        if _XML.search(name) and _INSTANCE.search(package.read(name)[:_HEAD]):

            def read() -> Filing:
                from app.pipeline.read.xbrl import read_xbrl  # noqa: PLC0415

                return read_xbrl(package)

            return [_Report(name, None, read)]
    return []


def _json(package: "Package") -> list[_Report]:
    def read(name: str) -> Filing:
        from app.pipeline.read.xbrl_json import read_xbrl_json  # noqa: PLC0415

        return read_xbrl_json(package.read(name))

    return [
        _Report(name, _language(name, b""), partial(read, name))
        for name in package.names
        if _JSON.search(name) and _XBRL_JSON.search(package.read(name)[:_HEAD])
    ]


def _pdf(package: "Package") -> list[_Report]:
    def read(name: str) -> Filing:
        from app.pipeline.read.pdf import read_pdf  # noqa: PLC0415

        return read_pdf(package.read(name))

    return [
        _Report(name, _language(name, b""), partial(read, name))
        for name in package.names
        if _PDF.search(name)
    ]


def _language(name: str, data: bytes) -> str | None:
    """Return the language that a file's name or its root element says."""
    stem = re.sub(r"\.\w+$", "", name.rpartition("/")[2])
    named = _NAMED_LANGUAGE.findall(stem)
    if named:
        return str(named[-1]).lower()
    marked = _MARKED_LANGUAGE.search(data[:_HEAD])
    return marked[1].decode().lower() if marked else None
