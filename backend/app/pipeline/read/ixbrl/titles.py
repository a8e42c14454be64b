"""Titles of statements: which statement a line announces, and of which entity."""

import re
from typing import Final, Literal

from app.pipeline.read.ixbrl import title_words as further
from app.pipeline.statement import StatementName

TitleKind = Literal[
    "income_statement", "balance_sheet", "cash_flow_statement", "comprehensive", "other"
]
"""`comprehensive` may be the income statement in one-statement form, or other comprehensive income
alone; `other` ends a statement, such as changes in equity or the notes."""
MAX_TITLE: Final = 170
_SHORTEST: Final = 5

_OF: Final = r"(?:\s+(?:consolidated|group|company|the))?\s+"
_OTHER: Final = (
    r"statements? of (?:\w+ )?changes in|parenthetical|total recognised gains|"
    r"statements? of (?:\w+ )?(?:\w+['\u2019]+ )?(?:equity|capital|deficit|investment)\b|"
    r"\bnotes? (?:to|on) (?:the|consolidated|financial|unaudited|accounts)\b|^notes?$|"
    r"^note \d{1,2}\b\D*$|report of (?:the )?independent|statement of accounting policies|"
    r"supplement(?:al|ary) (?:cash|information)|"
    r"(?:analysis|reconciliation) of (?:\w+ ){0,5}net (?:debt|funds|cash)|"
    r"statements? of (?!.*(?:income|operations|earnings|loss)).*\band .*(?:equity|deficit)$|"
    r"eigenkapitalver\u00e4nderung|eigenkapitalspiegel|^anhang\b|konzernanhang|"
    r"variations? des capitaux propres|^annexes?\b|(?:mutatie|verloop)overzicht|^toelichting|"
    r"cambios en el patrimonio|variazioni d|prospetto d.*patrimonio netto|^note (?:al|ai|illustr)|"
    r"f\u00f6r\u00e4ndringar i eget kapital|egenkapitalopg|endringer i egenkapital|"
    r"muta\u00e7\u00f5es|zmian w kapitale"
)
_CASH_FLOWS: Final = (
    r"statements? of (?:\w+ )?cash[\s-]?flows?\b|cash[\s-]?flows? statements?|"
    r"^(?:consolidated |group )?cash[\s-]?flows?$|kapitalflussrechnung|geldflussrechnung|"
    r"cashflow-?\s?rechnung|"
    r"(?:tableau|[\u00e9e]tat)s? (?:\w+ )?(?:des|de) flux de tr[\u00e9e]sorerie|"
    r"kasstroom-?overzicht|overzicht van (?:de )?(?:\w+ )?kasstromen|"
    r"estados? de flujos? de (?:efectivo|caja)|rendiconto finanziario|"
    r"kassafl[\u00f6o]desanalys|(?:rapport \u00f6ver|redog\u00f6relse f\u00f6r) kassafl|"
    r"pengestr[\u00f8o]msopg|kontantstr[\u00f8o]moppst|rahavirtalaskelma|"
    r"demonstra.{1,4}o dos fluxos de caixa|(?:rachunek|sprawozdanie z) przep"
)
_BALANCE: Final = (
    r"balance[\s-]sheets?\b|statements? of (?:\w+ )?financial (?:position|condition)\b|"
    r"^(?:statement \d )?consolidated financial position(?: at\b.*)?$|statements? of condition\b|"
    r"statements? of (?:net assets|assets and liabilities)|^(?:konzern-?\s?)?bilanz\b|"
    r"^bilan\b|(?:\u00e9tat|etat) (?:\w+ )?de (?:la )?situation financi[\u00e8e]re|"
    r"^(?:geconsolideerde )?balans\b|overzicht van de financi\u00eble positie|"
    r"situaci[\u00f3o]n (?:financiera|patrimonial)|balances? (?:general|de situaci[\u00f3o]n)|"
    r"stato patrimoniale|situazione (?:patrimoniale|finanziaria)|balansr[\u00e4a]kning|"
    r"rapport \u00f6ver finansiell st\u00e4llning|"
    r"^(?:konsern)?balanse?$|oppstilling over finansiell|"
    r"\btase\b|^bilans\b|sytuacji finansowej|posi[\u00e7c][\u00e3a]o financeira|"
    r"balan[\u00e7c]o patrimonial"
)
_COMPREHENSIVE: Final = (
    r"statements? (?:\w+ ){0,9}?(?:\(?loss\)? and )?(?:other )?comprehensive|"
    r"comprehensive income statements?|gesamtergebnisrechnung|"
    r"(?:\u00e9tat|etat) .*r[\u00e9e]sultat global|"
    r"totaalresultaat|estado .*resultado (?:global|integral)|conto economico complessivo|"
    r"(?:rapport|redog).*totalresultat|totalindkomstopg|ca\u0142kowitych dochod|"
    r"dochod[\u00f3o]w ca\u0142kowitych"
)
_INCOME: Final = (
    rf"(?:statements?|accounts?) of{_OF}(?:net )?(?:income|operations|earnings|loss(?:es)?|"
    r"profits?|results|activities)\b|(?:income|earnings|operating|operations|profit) statements?|"
    r"^(?:statement \d )?consolidated results of operations$|statements? of distributable income|"
    r"(?<!through )profit (?:and|or|&) loss(?: accounts?| statements?)?(?: for\b.*)?$|"
    r"statements? of (?:consolidated )?(?:\(?loss\)? )?(?:income|earnings|operations)|"
    r"income and expenditure account|gewinn-?\s?und\s?-?verlust-?\s?rechnung|erfolgsrechnung|"
    r"compte de r[\u00e9e]sultat|winst-?\s?en\s?-?verlies|resultatenrekening|"
    r"cuenta de (?:resultados|p[\u00e9e]rdidas)|estado de resultados|conto economico|"
    r"resultatr[\u00e4a]kning|resultatopg|resultatregnskap|tuloslaskelma|"
    r"demonstra.{1,4}o d[eo]s? resultados?|zysk[\u00f3o]w (?:i|lub) strat"
)
_TITLES: Final[tuple[tuple[TitleKind, re.Pattern[str]], ...]] = (
    ("other", re.compile(f"{_OTHER}|{further.OTHER}")),
    ("cash_flow_statement", re.compile(f"{_CASH_FLOWS}|{further.CASH_FLOWS}")),
    ("balance_sheet", re.compile(f"{_BALANCE}|{further.BALANCE}")),
    ("comprehensive", re.compile(f"{_COMPREHENSIVE}|{further.COMPREHENSIVE}")),
    ("income_statement", re.compile(f"{_INCOME}|{further.INCOME}")),
)
_SENTENCE: Final = re.compile(
    r"\b(?:see|refer|accompanying|following|presented|included?s?|reconcil\w+|segments?|summary|"
    r"selected|highlights|unaudited pro|shown|which|are|is|was|were|has|have|item \d+|index|page|"
    r"contents|percentage|recognised in|amounts?)\b"
)
_HEADER: Final = re.compile(r"(?:anhang|noter?|notes|annexes?|toelichting|liite\w*) [\d./ ]+")
_NEXT_SENTENCE: Final = re.compile(r"[a-z]{4}[.;]\s+[A-Z]")
_PARENT: Final = re.compile(
    r"\bcompany (?:statement|balance|income|profit|cash)|\bparent\b|\bregistrant\b|"
    r"\bcondensed financial information|\bschedule i\b|\bcompany[- ]only\b|\bcompany accounts\b|"
    r"\bof the company\b|\bseparate (?:financial )?statement|\bindividual (?:financial )?statement|"
    r"soci[ée]t[ée] m[èe]re|\bcomptes sociaux|\beinzelabschluss|\bvennootschappelijk|\bcompany\b$"
)
_GROUP: Final = re.compile(
    rf"consolidat|consolid[ée]|konzern|\bgroup\b|geconsolideerd|koncern|{further.GROUP}"
)


def title_kind(text: str) -> TitleKind | None:
    """Return which statement a short line is the title of, None for any other line."""
    if not _SHORTEST <= len(text) <= MAX_TITLE or text.endswith(":"):
        return None
    lowered = " ".join(text.lower().split())
    if not re.search(r"[^\W\d_]{4}", lowered) or _SENTENCE.search(lowered):
        return None
    if _NEXT_SENTENCE.search(text) or _HEADER.fullmatch(lowered):
        return None
    return next((kind for kind, pattern in _TITLES if pattern.search(lowered)), None)


def scope_of(title: str) -> Literal["consolidated", "parent"] | None:
    """Return whose statement a title says it is."""
    lowered = " ".join(title.lower().split())
    if _GROUP.search(lowered):
        return "consolidated"
    return "parent" if _PARENT.search(lowered) else None


def is_detailed(title: str) -> bool:
    """Return whether a title is of more detail than the statement itself, for the owners only."""
    return bool(re.search(r"\bdetailed\b|\btrading\b|\bmanagement\b", title.lower()))


def announces(kind: TitleKind, statement: StatementName) -> bool:
    """Return whether a title of a kind may stand above a statement."""
    return kind == statement or (kind == "comprehensive" and statement == "income_statement")
