"""The anchors of a package's own concepts: the wider concept of the taxonomy for each (ESEF).

Source: ESEF regulation (EU) 2019/815, annex IV, 8 to 10.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from lxml import etree

from app.pipeline.errors import ReadError
from app.pipeline.read.xbrl.linkbases import read_linkbases
from app.pipeline.read.xbrl.schema import Locators, Schemas
from app.pipeline.read.xml import parse_xml
from app.pipeline.statement import Statement

_TAXONOMY = re.compile(r"\.(?:xml|xsd)$", re.IGNORECASE)
_ANCHORS = b"wider-narrower"


class Files(Protocol):
    """A package, or any other collection of named files."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""


def anchor_rows(statements: Sequence[Statement], package: Files) -> None:
    """Set the anchors of rows by the linkbases in a package; damaged ones have no say."""
    stated = {row.concept for each in statements for row in each.rows if row.concept}
    if not stated:
        return
    prefixes = {prefix: prefix for each in stated if (prefix := each.rpartition(":")[0])}
    roots = [root for name in package.names if (root := _linkbase(package, name)) is not None]
    try:
        links = read_linkbases(roots, Locators(Schemas(), prefixes, stated))
    except ReadError:
        return
    set_anchors(statements, links.wider)


def _linkbase(package: Files, name: str) -> etree._Element | None:
    """Return the root of a file with anchors; None for any other, or a damaged one."""
    if not _TAXONOMY.search(name):
        return None
    try:
        data = package.read(name)
        return parse_xml(data) if _ANCHORS in data else None
    except ReadError:
        return None


def set_anchors(statements: Iterable[Statement], wider: Mapping[str, str]) -> None:
    """Set the anchor of each row whose concept has one.

    Args:
        statements: Those of one filing.
        wider: By concept of the filing, the standard concept that it is anchored to.
    """
    for statement in statements:
        for row in statement.rows:
            if row.concept:
                row.anchor = wider.get(row.concept)
