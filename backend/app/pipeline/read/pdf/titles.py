"""Titles of statements in English, German, French and Dutch, and whose statements they are."""

import re
from dataclasses import dataclass
from typing import Literal

from app.pipeline.read.pdf.language import fold
from app.pipeline.statement import StatementName

Section = Literal[
    "income_statement", "balance_sheet", "cash_flow_statement", "comprehensive", "other"
]
"""What a title heads: a primary statement, one of comprehensive income, or anything else."""
Scope = Literal["consolidated", "parent"]

_OF = r"(?:of |for |on )?(?:the )?"
_WHO = (
    r"(?:(?:consolidated|group|company|parent company|unconsolidated|"
    r"separate|standalone|combined|corporate) )?"
)
_STATEMENTS = r"(?:financial )?statements? "
# Regular expressions over fold()ed text. "comprehensive" is told apart by its rows.
_TITLES: dict[Section, tuple[str, ...]] = {
    "cash_flow_statement": (
        _STATEMENTS + _OF + _WHO + r"cash[- ]?flows?",
        r"cash[- ]?flows? statements?",
        r"statements? of changes in cash flows?",
        r"(?:konzern[- ]?)?(?:kapital|geld|mittel|finanzmittel)fluss-?rechnung(?:en)?",
        r"(?:konzern[- ]?)?cash[- ]?flow[- ]?rechnung",
        r"konsolidierte (?:kapital|geld|mittel)flussrechnung",
        (
            r"(?:tableaux?|etats?) (?:consolides? )?(?:des |de |"
            r"du )?(?:variations? des? )?flux (?:nets? )?(?:consolides? )?de (?:la )?tresorerie"
        ),
        r"tableaux? (?:consolides? )?de financement",
        r"(?:geconsolideerde? |enkelvoudige? )?kasstroom-?overzicht(?:en)?",
        r"overzicht van (?:de )?(?:geconsolideerde )?kasstromen",
    ),
    "balance_sheet": (
        r"(?<!off-)(?<!off )balance[- ]?sheets?",
        _STATEMENTS + _OF + _WHO + r"financial (?:position|condition)",
        _STATEMENTS + _OF + _WHO + r"(?:net )?assets (?:and|&) liabilities",
        _STATEMENTS + r"of " + _WHO + r"net assets",
        r"(?:konzern|jahres)[- ]?bilanz(?:en)?",
        r"(?<![a-z])bilanz(?:en)?(?: (?:des|der|zum|per|zu) .{0,40})?(?![a-z])",
        r"bilans?(?: (?:consolides?|du groupe|actif|passif|social|sociaux))?(?![a-z])",
        r"(?:etats? )(?:consolides? )?(?:de la |de )?(?:consolidee? )?situation financiere",
        r"situation financiere consolidee",
        r"(?:geconsolideerde?|enkelvoudige?|vennootschappelijke) balans(?:en)?",
        r"(?<![a-z])balans(?:en)?(?: per .{0,30})?(?![a-z])",
        r"(?:geconsolideerd )?overzicht van (?:de )?financiele positie",
    ),
    "income_statement": (
        _STATEMENTS + _OF + _WHO + (
            r"(?:net )?(?:income|earnings|operations|profits?|loss(?:es)?|"
            r"results?)(?:[ /(]*(?:and|or|&|/)?[ (]*(?:loss(?:es)?|profits?|income|"
            r"expenditure|retained earnings|operations)\)?)?"
        ),
        r"(?:income|earnings|profit (?:and|&|or) loss|operating) (?:statements?|accounts?)",
        r"^(?:consolidated |group |company )?profit (?:and|&) loss$",
        r"statements? of financial (?:performance|results)",
        r"statements? of financial activities",
        r"revenue accounts?",
        r"(?:konzern[- ]?)?gewinn-? ?und-? ?verlust-?rechnung(?:en)?",
        r"(?:konzern[- ]?)?erfolgs-?rechnung(?:en)?",
        r"(?:konzern[- ]?)?ergebnis-?rechnung",
        r"konzern[- ]?guv",
        r"comptes? de resultats?",
        r"etats? (?:consolides? )?(?:du |de |des )?resultats?(?: (?:net|consolide)s?)?",
        r"(?:geconsolideerde? |enkelvoudige? )?winst-? ?en-? ?verlies-?rekening(?:en)?",
        r"(?:geconsolideerde? |enkelvoudige? )?resultaten-?rekening",
    ),
}  # fmt: skip
_COMPREHENSIVE = re.compile(
    r"comprehensive|gesamt-?ergebnis|gesamteinkommens|resultat global|totaal-?resultaat"
    r"|gerealiseerde en niet|recognised (?:income|gains)|recognized (?:income|gains)"
    r"|autres elements du resultat|oci(?![a-z])"
)
# "Statement of profit or loss and other comprehensive income": the one-statement form says both.
_ONE_STATEMENT = re.compile(
    r"(?:profit|loss|income|earnings|operations|verlustrechnung|resultat)[) ]*"
    r"(?:and|or|&|und|et|/)(?: (?:loss|profit))? *(?:and |of )?(?:other |total )?"
    r"(?:comprehensive|gesamt|resultat global|consolidated comprehensive)"
)
_PLAIN_COMPREHENSIVE = re.compile(
    r"statements? of (?:consolidated |group |company )?(?:total |"
    r"other )?comprehensive (?:income|loss|earnings|profit|\(loss\))"
    r"|statements? of (?:consolidated |group )?(?:total |other )?(?:recogni[sz]ed|comprehensive)"
    r"|(?:konzern[- ]?)?gesamt-?ergebnis-?rechnung|aufstellung (?:des|der) .{0,20}gesamtergebnis"
    r"|etats? (?:consolides? )?(?:du |de |des )?resultats? (?:net (?:et|et des) .{0,40})?global"
    r"|etats? (?:consolides? )?(?:du |"
    r"des )?(?:resultat net et des )?(?:autres elements du resultat|"
    r"gains et pertes|produits et charges comptabilises)"
    r"|overzicht van .{0,60}(?:totaal-?resultaat|resultaten)"
)
_NAMES_STATEMENT = re.compile(r"statement|account|rechnung|compte|etat|rekening|overzicht|staat")
_OTHER = re.compile(
    r"statements? of (?:consolidated |group |company )?(?:changes? in |"
    r"movements? in )?(?:[a-z']+ ){0,3}(?:equity|capital|shareholders|"
    r"stockholders|funds|net assets attributable)"
    r"|statements? of (?:stockholders|shareholders|changes in|retained|value added|source)"
    r"|reconciliation of (?:movements|shareholders)"
    r"|eigenkapital(?:veranderung|nachweis|spiegel|entwicklung)|"
    r"entwicklung des .{0,12}eigenkapitals"
    r"|variations? des capitaux propres|mutatie-?overzicht.{0,20}eigen vermogen|verloop-?overzicht"
    r"|^(?:\d{1,2}\.? )?notes? (?:to|on|forming|accompanying|aux)|^anhang|"
    r"^konzernanhang|^toelichting"
    r"|^notes annexes|^annexes? aux|summary of significant accounting|^basis of preparation"
)
_PARENT = re.compile(
    r"parent[- ]company|(?:^|[^a-z])company (?:balance|income|statement|"
    r"cash|profit)|company[- ]only"
    r"|statements? of (?:the )?(?:parent )?company|(?:the )?(?:parent )?company statements?"
    r"|unconsolidated|non-consolidated|stand-?alone|separate (?:financial |"
    r"income |balance |cash |statement)"
    r"|einzelabschluss|jahresabschluss der|(?:^|[^a-z])sociaux|comptes? socia|comptes? individuel"
    r"|enkelvoudig|vennootschappelijk|of the (?:parent|company)(?![a-z])|"
    r"muttergesellschaft|holding company"
    r"|(?:societe|maison|entreprise) mere|mutter(?:unternehmen|gesellschaft)|moeder(?:maatschappij|"
    r"vennootschap|onderneming)|einzelbilanz"
)
_GROUP = re.compile(
    r"consolidated|(?<![a-z])group|konzern|konsolidiert|consolide|du groupe|geconsolideerd"
    r"|and (?:its )?subsidiar|combined"
)
_NOT_PRIMARY = re.compile(
    r"condensed|pro[- ]?forma|summar(?:y|ised|ized)|selected|five[- ]year|ten[- ]year|quarterly"
    r"|unaudited|joint venture|guarantor|consolidating|highlights|supplement|historical|restatement"
    r"|discontinued|segment|verkurzt|resume|simplifie|verkort|mehrjahres|kennzahlen|chiffres cles"
    r"|five[- ]years?|non-gaap|underlying|adjusted|extracts?|"
    r"(?<![a-z])index(?![a-z])|in brief|analysis of"
    r"|common[- ]size|as (?:previously )?reported|impact (?:of|on)|effects? (?:of|on)|constant"
)
_CONTINUED = re.compile(r"continued|\bcont'?d?\b|fortsetzung|fortgesetzt|suite\b|vervolg")
_PROSE = re.compile(
    r"\b(?:should|see|refer|accompanying|are an integral|is set out|"
    r"have been|has been|were|was|included in|"
    r"presented in|certain|follows?|face|location|components|recorded|"
    r"recognised|recognized|in the|our|we|siehe|voir|zie|reflected|read in|"
    r"page|seite)\b"
)
# What makes a title one of a note about the statement.
_ABOUT = re.compile(
    r"components?|(?<![a-z])(?:data|items?|captions?|classification|location|presentation|details|"
    r"risks?|metrics|analysis|review|commentary|date|management|line|effects?|exposures?|"
    r"highlights|liquidity|hedg\w+|information|reconciliation|structure|policy|policies)(?![a-z])"
)
# Kerning makes some programs set the last letter apart: "Balance Shee t".
_LOOSE_LETTER = re.compile(r"(?<=[a-z]{3}) (?=[a-z](?![a-z'.]))")
_SENTENCE = re.compile(r"[a-z)]\.(?: |$)")
_DOTS = re.compile(r"\.{4,}|(?:\. ){4,}|\u2026")
_TAIL = re.compile(
    r"^[ ,:;()/-]*(?:for|as at|as of|at|fur|zum|per|vom|pour|au|over|voor|"
    r"year|years|fiscal|52|53|in|"
    r"\(in|\(|expressed|and|\d|january|february|march|april|may|june|july|august|september|october|"
    r"november|december|31|30|of|continued|note|notes|und|et|en|eur|gbp|usd|chf|de|du|des|der|nach|"
    r"amounts|[$€£¥]|million|thousand|consolid)"
)
_AMOUNT = re.compile(r"(?<![\d.,])(?!1[.,]000)\d{1,3}(?:[.,']\d{3})+(?![\d])")
_SMALL = re.compile(r"\(?-?(?!(?:19|20)\d\d)[\d.,]*\d\)?|-")
_FEWEST_LETTERS = 5
_MOST_WORDS = 26
_LEAD_WORDS = 9
_COMPILED: dict[Section, re.Pattern[str]] = {
    section: re.compile("|".join(f"(?:{each})" for each in patterns))
    for section, patterns in _TITLES.items()
}
PRIMARY: tuple[StatementName, ...] = ("income_statement", "balance_sheet", "cash_flow_statement")


@dataclass(frozen=True, slots=True)
class Title:
    """A line that heads a statement or ends one.

    Attributes:
        section: Of the statement that it heads.
        text: As printed.
        scope: As the title says it; None where it does not.
        one_statement: Whether it names profit or loss and comprehensive income together.
        primary: False for condensed, pro-forma, summary and the like.
        continued: Whether it says that the statement goes on from the page before.
    """

    section: Section
    text: str
    scope: Scope | None = None
    one_statement: bool = False
    primary: bool = True
    continued: bool = False


def find_scope(folded: str) -> Scope | None:
    """Return whose statement a title or a page heading says it is."""
    group, parent = _GROUP.search(folded), _PARENT.search(folded)
    if parent and not (group and "unconsolidated" not in folded and "non-consolid" not in folded
                       and not re.search(r"company[- ]only|parent", folded)):  # fmt: skip
        return "parent"
    return "consolidated" if group else None


def says_continued(folded: str) -> bool:
    """Return whether a text says that something on it goes on from the page before."""
    return bool(_CONTINUED.search(folded))


def mentions(folded: str) -> list[StatementName]:
    """Return the primary statements whose titles occur anywhere in a text."""
    found = [name for name in PRIMARY if _COMPILED[name].search(folded)]
    if "income_statement" not in found and _PLAIN_COMPREHENSIVE.search(folded):
        found.append("income_statement")
    return found


def _section(folded: str) -> tuple[Section, re.Match[str]] | None:
    if other := _OTHER.search(folded):
        return "other", other
    if (
        (both := _ONE_STATEMENT.search(folded))
        and _NAMES_STATEMENT.search(folded)
        and (income := _COMPILED["income_statement"].search(folded))
    ):
        return "income_statement", both if both.start() < income.start() else income
    if only := _PLAIN_COMPREHENSIVE.search(folded):
        return "comprehensive", only
    hits = [(found.start(), -len(found.group()), name, found) for name in PRIMARY
            if (found := _COMPILED[name].search(folded))]  # fmt: skip
    if not hits:
        return None
    _, _, name, found = min(hits, key=lambda hit: hit[:2])
    return name, found


def read_title(text: str) -> Title | None:
    """Return what a printed line is the title of, or None where it is no title.

    A title is short, is no sentence and no entry of a table of contents, and starts with the name
    of the statement but for the name of the company or of the group.
    """
    folded = fold(text)
    if (
        len(folded) < _FEWEST_LETTERS
        or _is_row(folded)
        or len(folded.split()) > _MOST_WORDS
        or _DOTS.search(folded)
    ):
        return None
    found = _section(folded)
    if found is None:
        folded = _LOOSE_LETTER.sub("", folded)
        found = _section(folded)
    if found is None:
        return None
    section, match = found
    before, after = folded[: match.start()], folded[match.end() :]
    if len(before.split()) > _LEAD_WORDS or _PROSE.search(before) or _SENTENCE.search(folded):
        return None
    if section != "other" and not _fits_tail(after):
        return None
    if text[:1].islower() and not text.isupper():
        return None
    return Title(
        section,
        text.strip(),
        find_scope(folded),
        one_statement=section == "income_statement" and bool(_COMPREHENSIVE.search(folded)),
        primary=not _NOT_PRIMARY.search(folded) and not folded.endswith(":"),
        continued=bool(_CONTINUED.search(folded)),
    )


def _is_row(folded: str) -> bool:
    """Return whether a line ends with figures, as a row does, and not with a page or a year."""
    if _AMOUNT.search(folded):
        return True
    last = folded.split()[-2:]
    return len(last) > 1 and all(_SMALL.fullmatch(word) for word in last)


def _fits_tail(after: str) -> bool:
    """Return whether the rest of a line can follow a title: a date, a unit, the name again."""
    if not after.strip(" ,:;().-|"):
        return True
    if _PROSE.search(after) or _ABOUT.search(after):
        return False
    return bool(_TAIL.match(after)) or len(re.findall(r"[a-z]{3,}", after)) <= 3  # noqa: PLR2004
