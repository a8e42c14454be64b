"""The text of each figure of a statement page, worked out from the published form compiled/1 alone.

No code of the application is used: figures are text in JSON, and percentages are fractions.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

Json = dict[str, Any]
Texts = Mapping[tuple[str, str], str]
"""By id of the row and key of the period."""

MOST_DECIMALS: Final = 6
_EXACT: Final = Context(prec=200)
_OF_SHARES: Final = frozenset({"per_share", "shares"})


def texts_of_amounts(data: Json) -> Texts:
    """Return figures as they are stated, with no more decimals than the newest filing has."""
    rows = data["rows"]
    of_money = _most_decimals([each for each in rows if is_money(each)])
    texts = {}
    for row in rows:
        decimals = min(MOST_DECIMALS, of_money if is_money(row) else _most_decimals([row]))
        for key, cell in row["cells"].items():
            texts[row["id"], key] = _amount(row, cell, decimals)
    return texts


def growth_texts(data: Json, whole: Json) -> Texts:
    """Return figures against those of the year before; not those that splits of shares decide.

    Args:
        data: The statement as it is shown.
        whole: With all years.
    """
    regular = [each for each in whole["periods"] if each["regular"]]
    broken = [{*each["between"]} for each in whole["breaks"]]
    before = {
        new["key"]: old["key"]
        for new, old in pairwise(regular)
        if new["fiscal_year"] is not None
        and new["fiscal_year"] - 1 == old["fiscal_year"]
        and {new["key"], old["key"]} not in broken
    }
    rows = {each["id"]: each["cells"] for each in whole["rows"]}
    return {
        (row["id"], key): _growth(cell["v"], before.get(key), rows[row["id"]])
        for row in data["rows"]
        if row["kind"] not in _OF_SHARES
        for key, cell in row["cells"].items()
    }


def _growth(now: str | None, before: str | None, cells: Mapping[str, Json]) -> str:
    if now is None:
        return "?"
    older = cells[before]["v"] if before is not None and before in cells else None
    if older is None:
        return "n/a"
    old = Fraction(older)
    values = [each["v"] for each in cells.values()]
    is_deduction = None not in values and all(Fraction(each) <= 0 for each in values)
    if old == 0 or (old < 0 and not is_deduction):
        return "n/m"
    return percent_text(100 * (Fraction(now) - old) / old)


def share_texts(data: Json, base: Json, said: str) -> Texts:
    """Return figures as percentages of a line.

    Args:
        data: The statement as it is shown.
        base: The statement that has the line, perhaps the same.
        said: What the page says that percentages are of.
    """
    lines = [
        each["cells"]
        for each in base["rows"]
        if " ".join(each["label"].split()) in said and each["kind"] in {"line", "total"}
    ]
    scale = Fraction(10) ** ((data["scale"] or 0) - (base["scale"] or 0))
    texts = {}
    for row in data["rows"]:
        for key, cell in row["cells"].items():
            wholes = {Fraction(each[key]["v"]) for each in lines if each.get(key, {}).get("v")}
            if cell["v"] is None:
                texts[row["id"], key] = "?"
            elif not is_money(row):
                texts[row["id"], key] = "n/a"
            elif len(wholes) == 1 and (whole := wholes.pop()) > 0:
                share = percent_text(100 * Fraction(cell["v"]) * scale / whole)
                texts[row["id"], key] = "\N{EM DASH}" if is_nil(cell) else share
    return texts


def percent_text(value: Fraction) -> str:
    """Return a percentage with one decimal, half a tenth rounded away from zero."""
    tenths = int(abs(value) * 10 + Fraction(1, 2))
    text = f"{tenths // 10:,}.{tenths % 10}%"
    return f"({text})" if value < 0 and tenths else text


def exact_text(value: str | None) -> str:
    """Return a figure with all its digits, negative in parentheses."""
    if value is None:
        return "illegible"
    number = Decimal(value)
    text = f"{abs(number):,f}"
    return f"({text})" if number < 0 else text


def number_of(text: str) -> Decimal | None:
    """Return the figure of a text, negative in parentheses; None if it is none."""
    digits = text.replace(",", "").strip("()")
    if not re.fullmatch(r"\d+(?:\.\d+)?", digits):
        return None
    return -Decimal(digits) if text.startswith("(") else Decimal(digits)


def minus(value: str | None) -> str | None:
    """Return a figure with the other sign."""
    return None if value is None else str(-Decimal(value))


def is_money(row: Json) -> bool:
    """Return whether figures are in the currency and scale of the statement."""
    own = row.get("unit"), row.get("scale")
    return own == (None, None) and row["kind"] not in _OF_SHARES


def is_nil(cell: Json) -> bool:
    """Return whether a dash or a word is printed for a zero."""
    printed: str = cell.get("printed") or ""
    is_zero = cell["v"] is not None and Decimal(cell["v"]) == 0
    return is_zero and bool(printed) and not re.search(r"\d", printed)


def label_of(row: Json, data: Json) -> str:
    """Return a label, with its unit where that is not the statement's."""
    label = " ".join(row["label"].split()) or "(no label)"
    own, unit = row.get("scale", data["scale"]), row.get("unit")
    if unit is None and own == data["scale"]:
        return label
    names = {0: "", 2: "hundred", 3: "thousand", 6: "million", 9: "billion"}
    scaled = names.get(own or 0, f"x 10^{own}")
    return f"{label} [{' '.join(filter(None, [scaled, unit])) or 'units'}]"


def name_of(period: Json) -> str:
    """Return the heading of a column."""
    label: str = period["label"]
    return label if period["regular"] else label.partition(" to ")[0]


def _decimals(value: str) -> int:
    return len(value.partition(".")[2])


def _most_decimals(rows: Sequence[Json]) -> int:
    """Return the most decimals of the newest filing; of figures per share, of all."""
    cells = [(row, cell) for row in rows for cell in row["cells"].values()]
    newest = min((cell["input"] for _, cell in cells), default=0)
    counted = (
        _decimals(cell["v"])
        for row, cell in cells
        if cell["v"] is not None and (cell["input"] == newest or row["kind"] == "per_share")
    )
    return max(counted, default=0)


def _amount(row: Json, cell: Json, decimals: int) -> str:
    if cell["v"] is None:
        return "?"
    if is_nil(cell):
        return "\N{EM DASH}"
    value = Decimal(cell["v"])
    kept = min(_decimals(cell["v"]), decimals)
    rounded = value.quantize(Decimal(1).scaleb(-kept), ROUND_HALF_UP, _EXACT)
    text = f"{abs(rounded):,.{max(2 if row['kind'] == 'per_share' else 0, kept)}f}"
    return f"({text})" if value < 0 else text
