"""A concept's label in the role that the presentation prefers, in one language of the filing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from app.pipeline.read.xbrl.linkbases import Label
from app.pipeline.read.xbrl.values import spelled_out

_FALLBACKS = ("label", "terseLabel", "verboseLabel", "totalLabel", "netLabel", "periodEndLabel")
_NO_LABELS = {"documentation", "definitionGuidance", "presentationGuidance", "commentaryGuidance"}


class Labels:
    """Labels of concepts in one language, with the concept's name where there is none.

    Args:
        labels: By concept, as the linkbases have them.
        language: The first choice, ISO 639-1.

    Attributes:
        missing: Concepts that were asked for and have no label.
    """

    def __init__(self, labels: Mapping[str, Sequence[Label]], language: str | None) -> None:
        self.missing: set[str] = set()
        self._language = language
        self._texts = {concept: self._by_language(each) for concept, each in labels.items()}

    def __call__(self, concept: str, preferred: str | None) -> str:
        """Return the label of a concept.

        Args:
            concept: As `prefix:name`.
            preferred: URI of the role that the presentation asks for.
        """
        texts = self._texts.get(concept)
        if not texts:
            self.missing.add(concept)
            return spelled_out(concept)
        uri = preferred or ""
        name = uri.rpartition("/")[2]
        if name.startswith("negated"):  # negatedTotalLabel has the text of totalLabel
            plain = name.removeprefix("negated")
            name = plain[:1].lower() + plain[1:] if plain else "label"
        in_language = next(iter(texts.values()))
        for each in (uri, name, *_FALLBACKS):
            if each in in_language:
                return in_language[each]
        return next(iter(in_language.values()))

    def _by_language(self, labels: Sequence[Label]) -> dict[str, dict[str, str]]:
        """Return one concept's texts by language, and by role as URI and as its last part."""
        found: dict[str, dict[str, str]] = {}
        for label in sorted(labels, key=self._preference):
            name = label.role.rpartition("/")[2]
            if label.text and name not in _NO_LABELS:
                texts = found.setdefault(label.language, {})
                texts.setdefault(label.role, label.text)
                texts.setdefault(name, label.text)
        return found

    def _preference(self, label: Label) -> tuple[int, str]:
        if label.language == self._language:
            return 0, ""
        return (1 if label.language == "en" else 2), label.language


def choose_language(
    labels: Mapping[str, Sequence[Label]], concepts: Iterable[str], document: str | None
) -> str | None:
    """Return the language for a filing's labels: the document's own, else English, else the most.

    Args:
        labels: By concept.
        concepts: Of the statements.
        document: Language of the instance's texts, if it says so.
    """
    found: Counter[str] = Counter()
    for concept in concepts:
        found.update({label.language for label in labels.get(concept, ()) if label.language})
    if not found:
        return document
    most = max(found.values())
    for choice in (document, "en"):
        if choice and found[choice] * 2 >= most:
            return choice
    return max(found, key=lambda each: (found[each], each))
