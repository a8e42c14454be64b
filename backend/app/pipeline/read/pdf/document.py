"""What a document says about itself: company, identifiers, framework, language, year end."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.pipeline.read.pdf import dates, stated
from app.pipeline.read.pdf.cover import find_form
from app.pipeline.read.pdf.language import find_language, fold, plain
from app.pipeline.read.pdf.pages import PageText
from app.pipeline.read.pdf.units import Units
from app.pipeline.statement import Company

_FRONT = 6  # pages: cover, contents, corporate information
_FORM = (
    r"plc|p\.l\.c\.|inc\.?|incorporated|corporation|corp\.?|company|limited|ltd\.?|llc|l\.p\.|"
    r"ag|se|gmbh|kgaa|n\.v\.|nv|b\.v\.|s\.a\.|sa|s\.p\.a\.|spa|s\.e\.|asa|ab|a/s|oyj|plc\.|bhd\.?|"
    r"berhad|group|holdings?"
)
_NAMED = re.compile(
    r"(?<![\w&])((?:(?!(?:Annual|Report|Accounts|Financial|Note|Notes|The|"
    r"ANNUAL|REPORT|NOTES|THE)(?![\w]))"
    r"\d{0,2}[A-Z\u00c0-\u00de][\w&.'\u2019\u00c0-\u017f-]*,? (?:(?:of|and|"
    r"de|der|von|f\u00fcr|&|et) )?){1,6}?"
    rf"(?i:{_FORM})(?:,? (?i:{_FORM}))*)(?![\w&])"
)
_CHARTER = re.compile(r"\(\s*exact name of (?:the )?(?:registrant|company|issuer)", re.IGNORECASE)
_NO_NAMES = frozenset(
    {
        "the company", "the group", "parent company", "the corporation", "a company",
        "company limited", "the parent company", "financial group", "our company",
        "holding company", "public company", "public limited company", "and company",
        "group limited", "group and company", "group company",
    }
)  # fmt: skip
_COVER_FORM = re.compile(r"form 10-k|form 20-f|form 40-f")
_IDENTIFIERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("sec_file", re.compile((
        r"commission file (?:number|no\.?):? ?(\d{1,3}-\d{4,6})"
    ), re.IGNORECASE)),
    ("lei", re.compile(
        r"(?:\bLEI\b|"
        r"legal entity identifier)[^A-Z0-9]{0,20}([A-Z0-9]{18}\d{2})(?![A-Z0-9])"
    )),
    ("abn", re.compile(r"\bABN:? ?(\d{2} ?\d{3} ?\d{3} ?\d{3})(?!\d)")),
    ("isin", re.compile(
        r"\bISIN(?:[- ]?(?:code|number|"
        r"no\.?))?:? ?([A-Z]{2}[A-Z0-9]{9}\d)(?![A-Z0-9])"
    )),
)  # fmt: skip
_EIN = re.compile(r"(?<!\d)(\d{2}-\d{7})(?!\d)")
_UK_NUMBER = re.compile(
    r"(?:company (?:number|no\.?)|registered (?:number|no\.?)|company registration (?:number|no\.?)"
    r"|registered in england(?: and wales)?,? (?:number|no\.?)):? ?((?:sc|ni|oc)?\d{6,8})(?!\d)",
    re.IGNORECASE,
)
_FRAMEWORKS: tuple[tuple[str, str], ...] = (
    (
        "us-gaap",
        r"generally accepted.{0,24} in the united states|u\.?s\.? gaap",
    ),
    ("ind-as", r"indian accounting standards?|ind as(?![a-z])"),
    ("jp-gaap", r"accounting principles generally accepted in japan|japanese gaap"),
    ("frs-102", r"frs ?102|financial reporting standard 102"),
    ("frs-101", r"frs ?101|financial reporting standard 101"),
    ("hgb", r"handelsgesetzbuch|nach hgb|(?<![a-z])hgb(?![a-z])|german commercial code"),
    ("swiss-gaap-fer", r"swiss gaap fer"),
    ("aspe", r"accounting standards for private enterprises"),
    ("ifrs", (
        r"(?<![a-z])ifrss?(?![a-z])|international financial reporting standards|"
        r"ifrs accounting standards|hkfrs|sfrs ?\(i\)|"
        r"international accounting standards|malaysian financial reporting standards"
    )),
)  # fmt: skip
_NAMED_ALONE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("us-gaap", r"(?<![a-z])u\.?s\.? gaap|generally accepted.{0,24} in the united states"),
        ("ind-as", r"indian accounting standards|(?<![a-z])ind as(?![a-z])"),
        ("jp-gaap", r"accounting principles generally accepted in japan|japanese gaap"),
        ("frs-102", r"(?<![a-z])frs ?102"),
        ("frs-101", r"(?<![a-z])frs ?101"),
        ("hgb", r"(?<![a-z])hgb(?![a-z])|handelsgesetzbuch"),
        ("swiss-gaap-fer", r"swiss gaap fer"),
        ("ifrs", (
            r"(?<![a-z-])(?:eu-)?ifrss?(?![a-z]| ?[0-9])|"
            r"international financial reporting standards|"
            r"uk-adopted international accounting standards|(?<![a-z])hkfrs|(?<![a-z])sfrs ?\(i\)|"
            r"international accounting and financial reporting standards|"
            r"(?:hong kong|malaysian) financial reporting standards|"
            r"financial reporting standards \(international\)"
        )),
    )
)  # fmt: skip
_PREPARED = re.compile(
    r"(?:prepared|presented|aufgestellt|erstellt|prepares|etablis|prepares|"
    r"opgesteld|statement of compliance|"
    r"basis of (?:preparation|accounting)|conformity|compliance|comply|"
    r"accordance|einklang|conformement|overeenstemming"
    r"|true and fair view)[^.;]{0,220}"
)
_YEAR_ENDS = re.compile(
    r"(?:years?|periods?|exercices?|geschaftsjahr\w*|boekjaar|saldo)(?: \w+)? "
    r"(?:ended|ending|end(?:s)? on|to|zum|clos(?:e|es)?(?: le)?|au|tot|"
    r"eindigend op)(?: on)?(?: the)? ([^.;:]{4,90})"
    r"|(?:as at|as of|zum|at|au|per) ([^.;:]{4,20})"
)
_BALANCE_AT = re.compile(
    r"balances?,?(?: as of| at| as at)?,? ([a-z]+ \d{1,2},? \d{4}|"
    r"\d{1,2} [a-z]+ \d{4})"
)
_SURE = 0.6
_SOME, _MANY = 0.05, 0.12  # of the pages name the company, with its name on the cover or without


@dataclass(frozen=True, slots=True)
class Document:
    """What holds for all statements of a document.

    Attributes:
        units: Stated for all figures; its `sign` is "named" or "country" in `known_by`.
        year_end: Month and day on which its years end.
        year_ends: Days that the text calls the end of a year.
        balance_days: Days for which the text states a balance.
        texts: Folded, by page.
        form: As the cover names it, such as 10-K.
    """

    company: Company
    framework: str | None
    language: str | None
    units: Units
    year_end: tuple[int, int] | None
    year_ends: frozenset[date]
    balance_days: frozenset[date]
    texts: tuple[str, ...]
    form: str | None = None


def read_document(pages: Sequence[PageText]) -> Document:
    """Return what a document's text says about all of it."""
    texts = tuple(page.folded for page in pages)
    sample = " ".join(texts[:: max(1, len(texts) // 40)])
    year_end, year_ends = find_year_end(texts)
    return Document(
        company=find_company(pages),
        framework=find_framework(texts),
        language=find_language(sample),
        units=stated.document_units(texts),
        year_end=year_end,
        year_ends=year_ends,
        balance_days=find_balance_days(texts),
        texts=texts,
        form=find_form(pages),
    )


def find_framework(texts: Sequence[str]) -> str | None:
    """Return under which rules a document says that its statements are prepared.

    Failing such a sentence, the only rules that it names, if it names them by their full names.
    """
    if stated.is_annual_form(texts):
        return "us-gaap"
    votes: Counter[str] = Counter()
    named: set[str] = set()
    for text in texts:
        for said in _PREPARED.finditer(text.replace("u.s.", "us")):
            if found := _framework_in(said.group()):
                votes[found] += 1
        named.update(name for name, pattern in _NAMED_ALONE if pattern.search(text))
    best = votes.most_common(1)
    if best and best[0][1] >= 0.5 * votes.total():
        return best[0][0]
    return named.pop() if not votes and len(named) == 1 else None


def _framework_in(text: str) -> str | None:
    return next((name for name, pattern in _FRAMEWORKS if re.search(pattern, text)), None)


def find_year_end(
    texts: Sequence[str],
) -> tuple[tuple[int, int] | None, frozenset[date]]:
    """Return month and day on which a document's years end, None where they vary, and all ends."""
    ends: set[date] = set()
    counts: Counter[tuple[int, int]] = Counter()
    total = 0
    for text in texts:
        for said in _YEAR_ENDS.finditer(text):
            stamps = dates.find_stamps(said.group(1) or said.group(2))
            if not stamps or stamps[0].month is None:
                continue
            votes = 3 if said.group(1) else 1
            if said.group(1):
                ends |= {stamp.date for stamp in stamps if stamp.date}
            total += votes
            last = dates.day_of(2021, stamps[0].month, stamps[0].day)
            if last and dates.month_end(last):
                counts[last.month, last.day] += votes
    best = counts.most_common(1)
    if best and best[0][1] >= max(_SURE * total, 3):
        return best[0][0], frozenset(ends)
    return None, frozenset(ends)


def find_balance_days(texts: Sequence[str]) -> frozenset[date]:
    """Return the days for which a document states a balance: "Balance as of May 28, 2017"."""
    found = (
        stamp.date
        for text in texts
        for said in _BALANCE_AT.finditer(text)
        for stamp in dates.find_stamps(said.group(1))
    )
    return frozenset(day for day in found if day)


def find_company(pages: Sequence[PageText]) -> Company:
    """Return the company that reports: of its cover, else the name that most pages repeat."""
    front = "\n".join(page.text for page in pages[:_FRONT])
    identifiers = {}
    for scheme, pattern in _IDENTIFIERS:
        if found := pattern.search(plain(front)):
            identifiers[scheme] = found.group(1).replace(" ", "")
    first = plain(pages[0].text) if pages else ""
    if _COVER_FORM.search(pages[0].folded if pages else ""):
        if found := _EIN.search(first):
            identifiers["ein"] = found.group(1)
        return Company(name=_charter_name(pages[0].text) or _repeated_name(pages),
                       identifiers=identifiers)  # fmt: skip
    numbers = Counter(found.group(1).upper() for page in pages
                      for found in _UK_NUMBER.finditer(plain(page.text)))  # fmt: skip
    if len(numbers) == 1:
        identifiers["uk_company_number"] = next(iter(numbers)).zfill(8)
    return Company(name=_repeated_name(pages), identifiers=identifiers)


def _charter_name(text: str) -> str | None:
    """Return the line above "(Exact name of registrant as specified in its charter)"."""
    lines = [plain(line) for line in text.splitlines()]
    lines = [line for line in lines if line]
    for index, line in enumerate(lines):
        found = _CHARTER.search(line)
        if found is None:
            continue
        before = line[: found.start()].strip() or (lines[index - 1] if index else "")
        before = re.sub(r"^.*_{3,}\s*", "", before).strip(" _")
        return before if 2 < len(before) < 80 else None  # noqa: PLR2004
    return None


def _repeated_name(pages: Sequence[PageText]) -> str | None:
    """Return the name with a legal form that stands on the most pages, if it is clearly first."""
    counts: Counter[str] = Counter()
    printed: dict[str, Counter[str]] = {}
    for page in pages:
        names = set()
        for line in page.text.splitlines():
            if len(line) > 160:  # noqa: PLR2004
                continue
            for found in _NAMED.finditer(plain(line)):
                name = found.group(1).strip(" ,")
                key = _words(name)
                if len(key.split()) > 1 and key not in _NO_NAMES:
                    names.add(key)
                    printed.setdefault(key, Counter())[name] += 1
        counts.update(names)
    front = _words(" ".join(page.folded for page in pages[:_FRONT]))
    for key, count in counts.most_common(4):
        if count < max(2, _SOME * len(pages)):
            break
        if key in front or count >= _MANY * len(pages):
            return printed[key].most_common(1)[0][0]
    return _cover_name(pages[0].text) if pages else None


def _words(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", fold(text)).strip()


def _cover_name(text: str) -> str | None:
    """Return the only line of a cover that is a name with a legal form, and nothing else."""
    lines = {plain(line) for line in text.splitlines()}
    names = [line for line in lines if (found := _NAMED.fullmatch(line)) and " " in found.group()]
    return names[0] if len(names) == 1 else None
