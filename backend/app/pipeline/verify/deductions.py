"""Which terms a balance sheet may subtract although they are printed without a minus sign."""

from collections.abc import Iterable

from app.pipeline.statement import Equation, Issue, Row, Statement
from app.pipeline.verify.vocabulary import Words, normalise

# Liabilities are subtracted where net assets are the total, as in British accounts.
_DEDUCTION = Words(
    r"^(?:less|minus|deduct|abzuglich|moins|af|onder aftrek)\b|\b(?:treasury|own shares?"
    r"|accumulated (?:depreciation|amorti[sz]ation|impairment|deficit|loss(?:es)?)|deficit"
    r"|depreciation|amorti[sz]ation|allowances?|unearned|unpaid|receivable from shareholders"
    r"|subscriptions? receivable|net of|trust|esop|eigene (?:anteile|aktien)|verlustvortrag"
    r"|fehlbetrag|wertberichtigung(?:en)?|actions propres|autocontrole|pertes?"
    r"|eigen aandelen|verlies(?:en)?)\b"
    r"|\b(?:liabilit|creditor|payable|amounts? (?:falling )?due|borrowing|loan|debt|overdraft"
    r"|provision|deferred|accrual|accrued|lease|obligation|pension|retirement|bond|notes?\b"
    r"|minorit|non ?controlling|verbindlichkeit|schuld|ruckstellung|darlehen|passif|dette|emprunt"
    r"|fournisseur|verplichting|voorziening|crediteur|lening)"
)

_EQUITY = Words(
    r"\b(?:equity|eigenkapital|capitaux propres|eigen vermogen)\b|\bpassif\b|\bpassiva\b"
)
"""Headings over both sides of what an entity owes."""


def unstated_deductions(statement: Statement, equations: Iterable[Equation]) -> list[Issue]:
    """Return an issue for each term that is subtracted, and that neither sign nor label says to be.

    The sum holds as well if a minus sign was lost on the way, as from a font without its glyph:
    amount and place are proved then, and the sign is not.
    """
    if statement.statement != "balance_sheet":
        return []
    subtracted = {
        row
        for each in equations
        if each.kind == "sum" and each.total is not None
        for sign, row in each.terms
        if sign < 0
    }
    return [
        Issue(
            code="sign_not_stated",
            message=f"{row.label!r} is subtracted in its sum, and no sign or label says so",
            row=row.n,
        )
        for row in statement.rows
        if row.n in subtracted and _is_plain(row)
    ]


def _is_plain(row: Row) -> bool:
    """Whether a row has a positive figure without a tag, and no word of a deduction."""
    if not any(cell.v and cell.v > 0 and cell.tagged is None for cell in row.cells.values()):
        return False
    labels = [normalise(each) for each in (row.label, *row.section[-1:])]
    return not any(_DEDUCTION.search(each) and not _EQUITY.search(each) for each in labels)
