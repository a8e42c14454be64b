"""The text of all pages, and the few pages that can hold a statement: only they need geometry."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pypdfium2 as pdfium
from pypdfium2 import raw

from app.pipeline.errors import ReadError
from app.pipeline.read.pdf import titles
from app.pipeline.read.pdf.dates import find_stamps
from app.pipeline.read.pdf.language import fold
from app.pipeline.read.pdf.units import fold_units, read_units
from app.pipeline.statement import StatementName

PAGE_LIMIT = 1_500
"""Pages of a document whose text is read; statements further back are not looked for."""
_GLYPH_LIMIT = 30_000
"""A page with more glyphs is a drawing or an attack, and never a statement."""
_TEXT_LIMIT = 12_000
"""Characters of a page that are looked at for statements: a statement has at most half of that."""

# Line items that only one statement has, as fold() writes them, in en, de, fr and nl.
_ANCHORS: dict[StatementName, tuple[str, ...]] = {
    "balance_sheet": (
        (
            r"total assets|net assets|bilanzsumme|summe (?:der )?(?:aktiva|"
            r"vermogenswerte)|gesamtvermogen|total (?:de l')?actif|total actifs|"
            r"total des actifs|totaal (?:der )?activa|aktiva,? (?:gesamt|total)|"
            r"total aktiven|summe aktiven"
        ),
        (
            r"total (?:equity|liabilities|shareholders|stockholders)|"
            r"equity and liabilities|liabilities and|capital and reserves|"
            r"summe (?:eigenkapital|passiva|schulden|verbindlichkeiten)|"
            r"eigenkapital|capitaux propres|total (?:du )?passif|eigen vermogen|"
            r"totaal (?:der )?passiva|fremdkapital"
        ),
        (
            r"current assets|current liabilities|fixed assets|non-current|"
            r"kurzfristige|langfristige|umlaufvermogen|anlagevermogen|"
            r"actifs? (?:non )?courants?|passifs? (?:non )?courants?|"
            r"vlottende activa|vaste activa|kortlopende|langlopende|deposits|"
            r"loans and advances|actif immobilise|umlaufsvermogen"
        ),
        (
            r"trade (?:and other )?receivables|accounts receivable|inventor(?:y|"
            r"ies)|cash and cash equivalents|cash and bank|vorrate|forderungen|"
            r"zahlungsmittel|flussige mittel|stocks|creances|tresorerie|voorraden|"
            r"vorderingen|liquide middelen|property, plant|sachanlagen|"
            r"immobilisations corporelles|materiele vaste"
        ),
        (
            r"share capital|common (?:stock|shares)|retained earnings|reserves|"
            r"gezeichnetes kapital|aktienkapital|gewinnrucklagen|capital social|"
            r"geplaatst kapitaal|aandelenkapitaal|accumulated (?:deficit|other)|"
            r"goodwill|treasury"
        ),
    ),
    "income_statement": (
        (
            r"revenues?|(?:net )?sales|turnover|umsatz|nettoerlose|"
            r"chiffre d'affaires|produits des activites|(?:netto-?)?omzet|"
            r"opbrengsten|interest income|premiums|fees|investment income|"
            r"zinsertrage|produits d'interets|rentebaten|administrative expenses|"
            r"rental income"
        ),
        (
            r"income tax|taxation|tax (?:on|expense|charge|credit)|"
            r"provision for (?:income )?taxes|income taxes|ertragsteuern|"
            r"steuern vom einkommen|steuern|impots?|belastingen|"
            r"vennootschapsbelasting"
        ),
        (
            r"net (?:income|earnings|loss|profit)|(?:profit|loss|result) (?:for|"
            r"after|of) the|profit/\(loss\)|profit attributable|jahresuberschuss|"
            r"konzernergebnis|jahresergebnis|reingewinn|periodenergebnis|"
            r"ergebnis nach steuern|resultat net|resultat de (?:l'exercice|"
            r"la periode)|nettowinst|netto-?resultaat|winst over het|"
            r"resultaat (?:na|over)|konzernjahres|gewinn"
        ),
        (
            r"per (?:common |ordinary |equity |basic |diluted )*share|earnings per|"
            r"je aktie|par action|per aandeel|basic|unverwassert|diluted|pro aktie"
        ),
        (
            r"cost of (?:sales|revenue|goods|products)|operating (?:expenses|income|"
            r"profit|loss)|administrative|finance (?:costs|income)|interest expense|"
            r"herstellungskosten|materialaufwand|personalaufwand|betriebsergebnis|"
            r"verwaltungskosten|ebit|resultat operationnel|charges de personnel|"
            r"resultat d'exploitation|achats|bedrijfsresultaat|kostprijs|"
            r"personeelskosten|depreciation|abschreibungen|afschrijvingen|"
            r"amortissements"
        ),
    ),
    "cash_flow_statement": (
        (
            r"operating activities|(?:from|used in|by) operations|"
            r"laufender geschaftstatigkeit|betrieblicher tatigkeit|"
            r"betriebstatigkeit|geschaftstatigkeit|activites? operationnelles?|"
            r"exploitation|operationele activiteiten|bedrijfsactiviteiten|"
            r"activite operationnelle"
        ),
        (
            r"invest(?:ing|ment) activities|investitionstatigkeit|d'investissement|"
            r"investeringsactiviteiten|capital expenditure"
        ),
        (
            r"financing activities|finanzierungstatigkeit|de financement|"
            r"financieringsactiviteiten|liees? au financement"
        ),
        (
            r"(?:at|,) (?:the )?(?:beginning|start|end|close)|beginning of|"
            r"end of (?:the )?(?:year|period|fiscal)|anfang|ende der periode|"
            r"am ende|ouverture|cloture|begin (?:van|boekjaar)|einde (?:van|"
            r"boekjaar)|(?:net )?(?:increase|decrease|change|"
            r"movement).{0,20} in cash|nettoveranderung|"
            r"variation (?:nette )?de (?:la )?tresorerie|begin|1\. januar|"
            r"1er janvier"
        ),
        (
            r"depreciation|amorti[sz]ation|abschreibungen|amortissements|"
            r"afschrijvingen|dividends? paid|purchase of|proceeds from|dividenden|"
            r"working capital|dividendes"
        ),
    ),
}  # fmt: skip
_PATTERNS = {
    name: tuple(re.compile(f"(?<![a-z])(?:{each})") for each in anchors)
    for name, anchors in _ANCHORS.items()
}
_FIGURE = re.compile(
    r"(?<![\w.,'])[(\-\u2013$]?\d{1,3}(?:[,.' "
    r"\u2009]\d{3})+(?:[.,]\d+)?\)?(?![\w])"
                     r"|(?<![\w.,])\(?\d{1,3}(?:[.,]\d{1,2})?\)?(?![\w.,/])")  # fmt: skip
_WORD = re.compile(r"[a-z]{3,}")
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_DIGITS = re.compile(r"\d+")
_LONG_LINE = 160  # characters; a running header is shorter
_PERIODIC = re.compile(r"(?:19|20)\d\d|'000|million|thousand|mio|€|£|\$|note|^[\d\W]*$")


@dataclass(slots=True)
class PageText:
    """The text of a page: as printed, line by line, and folded."""

    number: int
    text: str
    folded: str = ""
    figures: int = 0
    words: int = 0
    titled: list[StatementName] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PageCandidate:
    """Why a page was taken for a statement, or not.

    Attributes:
        page: Physical, from 1.
        score: Of the text alone where geometry was not needed.
        reasons: One line each, for people.
    """

    page: int
    statement: StatementName
    taken: bool
    score: float
    reasons: list[str]


def open_document(data: bytes) -> pdfium.PdfDocument:
    """Open a PDF.

    Raises:
        ReadError: It is encrypted, damaged or has no pages.
    """
    try:
        document = pdfium.PdfDocument(data)
        count = len(document)
    except pdfium.PdfiumError as error:
        if "assword" in str(error) or "ecurity" in str(error):
            raise ReadError(
                "encrypted", "the PDF is encrypted: save it without a password, then read that file"
            ) from None
        raise ReadError(
            "damaged_pdf", "the PDF cannot be opened, it is damaged or cut off: fetch it again"
        ) from None
    if not count:
        raise ReadError("empty_pdf", "the PDF has no pages: fetch it again")
    return document


def _text(document: pdfium.PdfDocument, index: int) -> str:
    try:
        page = document[index]
    except pdfium.PdfiumError:
        return ""  # a damaged page; the others may be whole
    try:
        glyphs = page.get_textpage()
    except pdfium.PdfiumError:
        page.close()
        return ""
    count = raw.FPDFText_CountChars(glyphs)
    text = glyphs.get_text_range(0, count) if 0 < count <= _GLYPH_LIMIT else ""
    glyphs.close()
    page.close()
    return text


def read_texts(document: pdfium.PdfDocument) -> list[PageText]:
    """Return the text of the first PAGE_LIMIT pages.

    Raises:
        ReadError: No page has text, as in a scanned document.
    """
    pages: list[PageText] = []
    for index in range(min(len(document), PAGE_LIMIT)):
        text = _text(document, index)
        page = PageText(index + 1, text, fold(text[:_TEXT_LIMIT]))
        page.figures = len(_FIGURE.findall(page.folded))
        page.words = len(_WORD.findall(page.folded))
        pages.append(page)
    if not any(page.words for page in pages):
        raise ReadError(
            "no_text",
            "the PDF has no text, only pictures (scanned): run it through OCR, then read that file",
        )
    return pages


def running_lines(pages: Sequence[PageText]) -> frozenset[str]:
    """Return the folded lines, digits as #, that stand on many pages: headers and navigation.

    Lines of dates and of units are never among them: they say what the figures are.
    """
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for page in pages:
        lines = {running_form(line): line for line in page.text.splitlines()}
        lines.pop("", None)
        counts.update(lines.keys())
        examples.update(lines)
    fewest = max(6, round(len(pages) * 0.15))
    return frozenset(
        line
        for line, count in counts.items()
        if count >= fewest and not _says_what(fold_units(examples[line]))
    )


def _says_what(folded: str) -> bool:
    """Return whether a line says a date or a unit, beside whatever else it says."""
    found = read_units(folded)
    if found.scale is not None or found.whole:
        return True
    return any(stamp.month is not None for stamp in find_stamps(folded))


def running_form(line: str) -> str:
    """Return a line as running_lines() has it; "" where it cannot be a running one."""
    if len(line) > _LONG_LINE:
        return ""
    lowered = " ".join(line.split()).lower()
    words = _LETTERS.findall(lowered)
    heads_columns = _PERIODIC.search(lowered) and len(words) < 3 and "report" not in words  # noqa: PLR2004
    if not words or heads_columns:
        return ""
    return _DIGITS.sub("#", lowered)


def line_items(name: StatementName, folded: str) -> int:
    """Return how many of the five kinds of line items of a statement occur in a folded text."""
    return sum(bool(each.search(folded)) for each in _PATTERNS[name])


def score_page(page: PageText, name: StatementName) -> tuple[float, list[str]]:
    """Return how well a page's text alone fits a statement, and why; 0 where it cannot hold one."""
    if page.figures < 8:  # noqa: PLR2004
        return 0.0, ["hardly any figures"]
    anchors = line_items(name, page.folded)
    if anchors < 2:  # noqa: PLR2004
        return 0.0, ["no line items of this statement"]
    score, reasons = 2.0 * anchors, [f"{anchors} of 5 kinds of line items"]
    if not page.titled and page.words:
        page.titled = titles.mentions(page.folded)
    if name in page.titled:
        score += 2
        reasons.append("names the statement")
    if _titled_line(page, name):
        score += 4
        reasons.append("a line is its title")
    score += min(page.figures, 80) / 20
    if page.words > 350:  # noqa: PLR2004
        score -= min((page.words - 350) / 50, 6)
        reasons.append("much prose")
    return score, reasons


def _titled_line(page: PageText, name: StatementName) -> bool:
    for line in page.text[:_TEXT_LIMIT].splitlines():
        if len(line) < 120 and (title := titles.read_title(line)) and title.primary:  # noqa: PLR2004
            if title.section == name:
                return True
            if title.section == "comprehensive" and name == "income_statement":
                return True
    return False


def candidate_pages(
    pages: Sequence[PageText], most: int = 6
) -> dict[StatementName, list[tuple[float, int, list[str]]]]:
    """Return for each statement the pages worth reading: (score, page number, reasons)."""
    found: dict[StatementName, list[tuple[float, int, list[str]]]] = {}
    for name in titles.PRIMARY:
        scored = []
        for page in pages:
            score, reasons = score_page(page, name)
            if score > 0:
                scored.append((score, page.number, reasons))
        scored.sort(key=lambda each: (-each[0], each[1]))
        found[name] = scored[:most]
    return found
