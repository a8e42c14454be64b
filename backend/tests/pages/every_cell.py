"""Compare every cell of the statement pages with the published form compiled/1, worked out anew.

`python -m tests.pages.every_cell http://127.0.0.1:8000 7 8` compares two companies of a server;
without ids, the first hundred.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

from lxml import html

from tests.pages.expected_texts import (
    Json,
    exact_text,
    growth_texts,
    is_nil,
    label_of,
    minus,
    name_of,
    number_of,
    share_texts,
    texts_of_amounts,
)

Get = Callable[[str, str], tuple[int, str]]
"""Returns status and text of a path, for a value of `Accept`."""

SLUGS: Final = {
    "income_statement": "income-statement",
    "balance_sheet": "balance-sheet",
    "cash_flow_statement": "cash-flow-statement",
}
SIGNS: Final = {"restated": "r", "split": "s", "sign": "±", "reclassified": "m", "rounding": "≈"}
_PROVABLE: Final = frozenset({"line", "total"})
_FIGURE: Final = re.compile(
    r"(?:^|: |then |as )(\(?\d[\d,]*(?:\.\d+)?\)?)(?= in |, rounded|, then|;)"
)
_MOST_DETAILS: Final = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure of a page."""

    text: str
    signs: str
    tip: str
    href: str


@dataclass(slots=True)
class Compared:
    """What was compared, and what differs.

    Attributes:
        figures: Of tables.
        judged: Those of them whose text was worked out.
        pages: Of single figures.
        faults: A line for each difference.
    """

    figures: int = 0
    judged: int = 0
    pages: int = 0
    faults: list[str] = field(default_factory=list)


def compare_company(get: Get, company: int, *, pages: int = 0) -> Compared:
    """Compare all statements of a company, however they can be shown.

    Args:
        get: Asks the server.
        company: Its id.
        pages: How many pages of figures of each statement and view are compared with `why`.
    """
    get = cache(get)  # the same JSON belongs to many pages
    found = Compared()
    for statement in SLUGS:
        status, text = get(f"/api/v1/companies/{company}/statements/{statement}", "*/*")
        if status != 200:
            continue
        stored = json.loads(text)
        groups = [{}, *map(group_of, [stored, *stored["others"]] if stored["others"] else [])]
        for group, years, view, show, order in product(
            groups,
            ("5", "10", "all"),
            ("latest", "original"),
            ("amounts", "share", "growth"),
            ("newest", "oldest"),
        ):
            options = {"years": years, "view": view, "show": show, "order": order, **group}
            Page(get, company, statement, options).compare(found)
        for view in ("latest", "original"):
            _compare_figures(get, f"{company}", statement, view, pages, found)
    return found


def group_of(data: Json) -> dict[str, str]:
    """Return the options that name the framework and the currency of a statement."""
    return {name: data[name] or "unknown" for name in ("framework", "currency")}


class Page:
    """A page of a statement, and the JSON of the same years and figures."""

    def __init__(self, get: Get, company: int, statement: str, options: Mapping[str, str]) -> None:
        self._get = get
        self._company = company
        self._statement = statement
        self._options = options
        self.path = f"/companies/{company}/{SLUGS[statement]}?{urlencode(options)}"
        self._tree = html.fromstring(get(self.path, "text/html")[1])
        self._of_api = {k: v for k, v in options.items() if k not in {"show", "order"}}
        self.data = self._json(statement, self._of_api)

    def _json(self, statement: str, options: Mapping[str, str]) -> Json:
        path = f"/api/v1/companies/{self._company}/statements/{statement}?{urlencode(options)}"
        found: Json = json.loads(self._get(path, "application/json")[1])
        return found

    def compare(self, found: Compared) -> None:
        """Compare each cell, and add what differs to the faults."""
        rows = [each for each in self.data["rows"] if each["kind"] != "heading" and each["cells"]]
        shown = list(self._rows())
        labels = [(each["id"], label_of(each, self.data)) for each in rows]
        columns = self._columns()
        if [(key, label) for key, label, _ in shown] != labels:
            found.faults.append(f"{self.path}: has the lines {[each[:2] for each in shown]}")
        elif [name for name, _ in columns] != self._names():
            found.faults.append(f"{self.path}: has the columns {self._names()}")
        else:
            texts = self._texts()
            for row, (_, _, cells) in zip(rows, shown, strict=True):
                for (name, key), cell in zip(columns, cells, strict=True):
                    text = texts.get((row["id"], key)) if key else None
                    found.figures += bool(key and key in row["cells"])
                    found.judged += text is not None
                    found.faults += [
                        f"{self.path}: {row['id']}, {name}: {each}"
                        for each in self._faults(row, key, cell, text)
                    ]

    def _rows(self) -> Iterator[tuple[str, str, list[Shown | None]]]:
        """Yield id, label and cells of each line."""
        for row in self._tree.xpath("//table[contains(@class, 'years')]/tbody/tr"):
            classes = row.get("class", "").split()
            if "h" not in classes:
                cells = [each for each in row.findall("td") if not _is_trend(each)]
                key = row.get("id").removeprefix("line-")
                yield key, text_of(row.find("th")), [_shown(each) for each in cells]

    def _names(self) -> list[str]:
        heads = self._tree.xpath("//table[contains(@class, 'years')]/thead/tr/th")
        return [(each.text or "").strip() for each in heads if not _is_trend(each)][1:]

    def _columns(self) -> list[tuple[str, str | None]]:
        """Return names and keys from left to right; a missing year has no key."""
        places: list[tuple[int, int, str, str | None]] = [
            (each["fiscal_year"] or int(each["end"][:4]), -number, name_of(each), each["key"])
            for number, each in enumerate(self.data["periods"])
        ]
        places += [
            (year, 1, f"FY{year}", None)
            for year in (each["fiscal_year"] for each in self.data["gaps"])
        ]
        places.sort(key=lambda each: each[:2], reverse=self._options["order"] == "newest")
        return [(name, key) for *_, name, key in places]

    def _texts(self) -> Mapping[tuple[str, str], str]:
        """Return what each figure has to be, by row and period; without those not known here."""
        everything = {**self._of_api, "years": "all"}
        match self._options["show"]:
            case "amounts":
                return texts_of_amounts(self.data)
            case "growth":
                return growth_texts(self.data, self._json(self._statement, everything))
        said = " ".join(text_of(each) for each in self._tree.xpath("//ul[@class='notices']/li"))
        if "No percentages" in said:
            return {}
        base = self.data
        if self._statement == "cash_flow_statement":
            base = self._json("income_statement", {**everything, **group_of(self.data)})
        return share_texts(self.data, base, said)

    def _faults(
        self, row: Json, key: str | None, shown: Shown | None, text: str | None
    ) -> Iterator[str]:
        cell = row["cells"].get(key) if key else None
        if cell is None:
            if shown is not None and not (shown.text == "○" and key in row["replaced"]):
                yield f"shows {shown.text!r}, and no filing states it"
            return
        if shown is None:
            yield f"shows nothing, and not {cell['v']}"
            return
        if text is not None and shown.text != text:
            yield f"shows {shown.text!r}, and not {text!r}"
        yield from self._faults_of_marks(row, cell, shown)
        yield from _faults_of_words(cell, shown)
        yield from self._faults_of_link(row, key, shown)

    def _faults_of_marks(self, row: Json, cell: Json, shown: Shown) -> Iterator[str]:
        expected = {
            SIGNS.get(cell["change"], ""): True,
            "c": "corrected" in cell,
            "‡": bool(cell.get("unconfirmed")),
            "†": self.data["inputs"][cell["input"]]["status"] == "doubtful",
            **({"±": True} if cell["turned"] and Decimal(cell["v"] or 0) else {}),
        }
        for sign, applies in expected.items():
            if sign and (sign in shown.signs) != applies:
                yield f"has the marks {shown.signs!r}; {sign!r} applies: {applies}"
        for change, sign in SIGNS.items():
            if sign in shown.signs and sign not in "±≈" and cell["change"] != change:
                yield f"has the mark {sign!r}, and is {cell['change']}"
        is_unproved = cell["v"] is not None and row["kind"] in _PROVABLE and not cell["verified"]
        if is_unproved and "*" not in shown.signs:
            yield f"is not proved, and has the marks {shown.signs!r}"
        if self._options["show"] == "amounts" and not is_unproved and "*" in shown.signs:
            yield "is proved, and marked as not proved"

    def _faults_of_link(self, row: Json, key: str | None, shown: Shown) -> Iterator[str]:
        parts = urlsplit(shown.href)
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        is_prefixed = row["id"].startswith("id:")
        defaults = {"years": "10", "view": "latest", "show": "amounts", "order": "newest"}
        options = {k: v for k, v in self._options.items() if defaults.get(k) != v}
        expected = {**options, "line": f"id:{row['id']}" if is_prefixed else row["id"], "year": key}
        path = f"/companies/{self._company}/{SLUGS[self._statement]}/figure"
        if (parts.path, given) != (path, expected):
            yield f"leads to {shown.href}"


def _faults_of_words(cell: Json, shown: Shown) -> Iterator[str]:
    """Yield what the words of a figure say otherwise than its history."""
    stated = [each["v"] for each in (cell, *cell["history"])]
    known = {exact_text(each) for value in stated for each in (value, minus(value))}
    if "corrected" in cell:
        known.add(exact_text(cell["corrected"]["was"]))
    for value in _FIGURE.findall(shown.tip):
        if value not in known:
            yield f"says {value}, which no filing states: {shown.tip!r}"
    if cell["change"] != "none" and shown.tip.count(";") < _MOST_DETAILS - 1:
        for each in cell["history"]:
            if each["change"] != "none" and exact_text(each["v"]) not in shown.tip:
                yield f"does not say that {each['v']} is stated: {shown.tip!r}"


def _compare_figures(
    get: Get, company: str, statement: str, view: str, most: int, found: Compared
) -> None:
    """Compare some pages of figures with `why`."""
    api = f"/api/v1/companies/{company}/statements/{statement}"
    options = {"years": "all", "view": view}
    data = json.loads(get(f"{api}?{urlencode(options)}", "application/json")[1])
    figures = [(row, key) for row in data["rows"] for key in row["cells"]]
    step = max(1, len(figures) // max(1, most))
    for row, key in figures[::step] if most else []:
        asked = urlencode({"line": f"id:{row['id']}", "year": key, "view": view})
        path = f"/companies/{company}/{SLUGS[statement]}/figure?{asked}"
        status, why = get(f"{api}/why?{asked}", "*/*")
        page_status, page = get(path, "text/html")
        found.pages += 1
        if (status, page_status) != (200, 200):
            found.faults.append(f"{path}: {page_status}, and why: {status}")
            continue
        faults = _faults_of_figure(json.loads(why), row, row["cells"][key], html.fromstring(page))
        found.faults += [f"{path}: {each}" for each in faults]


def _faults_of_figure(origin: Json, row: Json, cell: Json, page: Any) -> Iterator[str]:
    (value,) = page.xpath("//p[@class='value']/data")
    (state,) = page.xpath("//p[@class='state']")
    (main,) = page.xpath("//main")
    if origin["v"] != cell["v"]:
        yield f"why says {origin['v']}, and the statement {cell['v']}"
    stated = None if cell["v"] is None else Decimal(cell["v"])
    if stated is not None and not is_nil(cell) and number_of(text_of(value)) != stated:
        yield f"shows {text_of(value)}, and not {cell['v']}"
    if cell["v"] is None and any(map(str.isdigit, text_of(value))):
        yield f"shows {text_of(value)}, and cannot be read"
    for each in origin["history"]:
        if (
            each["v"] is not None
            and Decimal(each["v"])
            and exact_text(each["v"]) not in text_of(main)
        ):
            yield f"does not show that {each['v']} is stated"
    is_provable = cell["v"] is not None and row["kind"] in _PROVABLE
    if is_provable and text_of(state).lower().startswith("proved") != cell["verified"]:
        yield f"is proved: {cell['verified']}, and the page says {text_of(state)!r}"


def _shown(cell: Any) -> Shown | None:
    link = cell.find(".//a")
    if link is None:
        return None
    signs = "".join(text_of(each) for each in cell.xpath(".//*[@class='k']"))
    tip = "; ".join(text_of(each) for each in cell.xpath(".//*[@class='tip']/*"))
    return Shown(text_of(link), signs, tip, link.get("href"))


def _is_trend(cell: Any) -> bool:
    return "w" in cell.get("class", "").split()


def text_of(element: Any) -> str:
    """Return the text of an element, with single spaces."""
    return " ".join("".join(element.itertext()).split())


def main(address: str, *companies: str) -> int:
    """Compare companies of a server, and print it; return 1 if a cell differs."""

    def get(path: str, accept: str) -> tuple[int, str]:
        request = Request(f"{address.rstrip('/')}{path}", headers={"Accept": accept})  # noqa: S310
        try:
            with urlopen(request, timeout=60) as answer:  # noqa: S310 the developer's server
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, ""

    ids: Sequence[int | str] = companies
    if not ids:
        listed = json.loads(get("/api/v1/companies?limit=100", "application/json")[1])
        ids = [each["id"] for each in listed["items"]]
    faults = 0
    for company in ids:
        found = compare_company(get, int(company), pages=40)
        sys.stdout.write(
            f"company {company}: {found.figures:,} figures, {found.judged:,} worked out;"
            f" {found.pages} pages of figures; {len(found.faults)} differ\n"
        )
        sys.stdout.writelines(f"  {each}\n" for each in found.faults)
        faults += len(found.faults)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
