"""The schemas of a filing's own taxonomy: its roles, its concepts, and what a locator points at.

Standard taxonomies are not in the filing and are never fetched: a locator into one names the
concept by the id `prefix_Name`, as all of them do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from lxml import etree

from app.pipeline.read.xbrl.linkbases import LINKBASE

SCHEMA = "http://www.w3.org/2001/XMLSchema"


@dataclass(slots=True)
class Schemas:
    """What the schemas of one filing declare.

    Attributes:
        roles: By role URI, its definitions in order of the document.
        elements: By id, (namespace, name) of the concepts.
        structural: By name, hypercubeItem or dimensionItem.
    """

    roles: dict[str, list[str]] = field(default_factory=dict)
    elements: dict[str, tuple[str, str]] = field(default_factory=dict)
    structural: dict[str, str] = field(default_factory=dict)


def read_schemas(roots: Iterable[etree._Element]) -> Schemas:
    """Return what the schemas declare together."""
    schemas = Schemas()
    for root in roots:
        for role in root.iter(f"{{{LINKBASE}}}roleType"):
            texts = [
                " ".join("".join(each.itertext()).split())
                for each in role.iter(f"{{{LINKBASE}}}definition")
            ]
            schemas.roles.setdefault(role.get("roleURI", ""), []).extend(filter(None, texts))
        namespace = root.get("targetNamespace", "")
        for element in root.iterchildren(f"{{{SCHEMA}}}element"):
            name = element.get("name", "")
            if key := element.get("id"):
                schemas.elements.setdefault(key, (namespace, name))
            group = element.get("substitutionGroup", "").rpartition(":")[2]
            if group in {"hypercubeItem", "dimensionItem"}:
                schemas.structural[name] = group
    return schemas


class Locators:
    """Find the concept of a locator's href.

    Args:
        schemas: Of the filing.
        prefixes: By namespace, the prefix that its concepts have in the instance.
        stated: The concepts of the facts, as `prefix:name`.
    """

    def __init__(
        self, schemas: Schemas, prefixes: Mapping[str, str], stated: Iterable[str]
    ) -> None:
        self._schemas = schemas
        self._prefixes = prefixes
        self._known = sorted(filter(None, prefixes.values()), key=len, reverse=True)
        self._by_name: dict[str, set[str]] = {}
        for concept in stated:
            self._by_name.setdefault(concept.rpartition(":")[2], set()).add(concept)

    def __call__(self, href: str) -> str | None:
        """Return `prefix:name`, or None if the href names no element by its id."""
        fragment = unquote(href.rpartition("#")[2]).strip() if "#" in href else ""
        if not fragment or "(" in fragment:
            return None
        declared = self._schemas.elements.get(fragment)
        if declared:
            namespace, name = declared
            prefix = self._prefixes.get(namespace) or fragment.removesuffix(name).rstrip("_")
            return f"{prefix}:{name}" if prefix else name
        known = (each for each in self._known if fragment.startswith(f"{each}_"))
        prefix = next(known, fragment.partition("_")[0])
        name = fragment[len(prefix) + 1 :]
        if not name:
            return fragment
        # Another prefix for the same taxonomy, if the name is of one concept only.
        same_name = self._by_name.get(name, set()) if prefix not in self._known else set()
        return next(iter(same_name)) if len(same_name) == 1 else f"{prefix}:{name}"
