"""The labels of an XBRL label linkbase."""

from collections import defaultdict
from pathlib import Path

from lxml import etree

from tests.evaluation.facts import parser, tag

_XLINK = "{http://www.w3.org/1999/xlink}"


def labels_by_role(path: Path) -> dict[str, dict[str, str]]:
    """Return role and text of each label by the local name of the concept."""
    root = etree.parse(path, parser()).getroot()
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for link in root.iter("{http://www.xbrl.org/2003/linkbase}labelLink"):
        places: dict[str, str] = {}
        texts: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for each in link:
            key = each.get(f"{_XLINK}label", "")
            if tag(each) == "loc":
                places[key] = each.get(f"{_XLINK}href", "").rpartition("#")[2].partition("_")[2]
            elif tag(each) == "label":
                role = each.get(f"{_XLINK}role", "")
                texts[key].append((role, " ".join((each.text or "").split())))
        for each in link:
            if tag(each) == "labelArc":
                concept = places.get(each.get(f"{_XLINK}from", ""), "")
                found[concept].update(texts.get(each.get(f"{_XLINK}to", ""), ()))
    return dict(found)


def all_labels(path: Path) -> dict[str, tuple[str, ...]]:
    """Return all labels but documentation by the local name of the concept."""
    return {
        concept: tuple(
            dict.fromkeys(text for role, text in texts.items() if "documentation" not in role)
        )
        for concept, texts in labels_by_role(path).items()
    }
