"""Which presentation roles are the primary statements: by their concepts first, then by title.

A title may be in any language or missing; the concepts that close a statement are few, and of
standard taxonomies. A role whose title and concepts contradict each other is no statement.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from app.pipeline.statement import StatementName

RoleKind = StatementName | Literal["comprehensive_income", "equity"]

_SEC: Final = re.compile(r"^\s*[\w.]+\s*-\s*([A-Za-z]+)\s*-\s*(.+)$")
_IFRS_CODE: Final = re.compile(r"(?:^\s*\[|role-)(\d{6}[a-z]?)\b")
_IFRS_KINDS: Final[Mapping[str, RoleKind]] = {
    "2": "balance_sheet",
    "3": "income_statement",
    "4": "comprehensive_income",
    "5": "cash_flow_statement",
    "6": "equity",
}
_NO_FACE: Final = re.compile(r"parenthe|\bdetails?\b", re.IGNORECASE)
_NO_STATEMENT: Final = re.compile(
    r"parenthe|disclosure|\bnotes?\b|\bdetails?\b|\bpolic(?:y|ies)\b|\btables?\b|\bschedule\b"
    r"|condensed financial information|\bcover\b|document and entity|placeholder",
    re.IGNORECASE,
)
_PARENT: Final = re.compile(
    r"\bparent\b|\bseparate\b|\bstand-?alone\b|\bregistrant\b|\bcompany (?:only|statement|balance"
    r"|cash|income)|\bunconsolidated\b|\bnon-?consolidated\b",
    re.IGNORECASE,
)
_GROUP: Final = re.compile(
    r"(?<!un)(?<!non)(?<!non-)consolidated|\bgroup\b|konzern|consolidé|consolidad|consolidat[oaie]\b"
    r"|geconsolideerd|koncern|連結|연결|合[并併]",
    re.IGNORECASE,
)
_TITLES: Final[tuple[tuple[RoleKind, re.Pattern[str]], ...]] = (
    (
        "cash_flow_statement",
        re.compile(
            r"cash ?flow|kapitalfluss|geldfluss|flux de tr[ée]sorerie|kasstro|kassafl[öo]de"
            r"|flujos? de efectivo|rendiconto finanziario|fluxos? de caixa"
            r"|キャッシュ・?フロー|현금흐름|[现現]金流量",
        ),
    ),
    (
        "balance_sheet",
        re.compile(
            r"balance sheet|financial (?:position|condition)|assets and liabilities"
            r"|\bbilan\b|bilanz|\bbalans|stato patrimoniale|situazione patrimoniale"
            r"|situaci[óo]n financiera"
            r"|balance de situaci|balanço|statements? of condition"
            r"|貸借対照表|財政状態計算書|재무상태표|대차대조표|[资資][产產][负負][债債]表|[财財][务務][状狀][况況]表",
        ),
    ),
    (
        "equity",
        re.compile(
            r"changes in|equity|partners. capital|net investment|eigenkapital|capitaux propres"
            r"|eigen vermogen|patrimonio netto|patrimonio neto|eget kapital"
            r"|株主資本等?変動|持分変動|자본변동|[权權]益[变變][动動]",
        ),
    ),
)
_COMPREHENSIVE: Final = re.compile(
    r"(?:other )?comprehensive (?:income|loss|earnings|profit)(?: ?\(?loss(?:es)?\)?)?"
    r"|gesamtergebnis|r[ée]sultat global|totaalresultaat|totalresultat|conto economico complessivo"
    r"|resultado (?:global|integral)|包括利益計算書|포괄손익계산서|[综綜]合收益"
)
_INCOME: Final = re.compile(
    r"operations|income|earnings|profit|\bloss|results|revenues? and expenses|gewinn|ergebnis"
    r"|compte de r[ée]sultat|winst|resultat|conto economico|resultados|p[ée]rdidas|verlies"
    r"|損益(?:及び|計算書)|손익계산서|利[润潤]表|[损損]益表"
)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[a-z])(?=\d)")

_ASSETS: Final = {"us-gaap:Assets", "ifrs-full:Assets", "us-gaap:AssetsNet"}
_FUNDING: Final = {
    "us-gaap:LiabilitiesAndStockholdersEquity",
    "us-gaap:StockholdersEquity",
    "us-gaap:StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest",
    "us-gaap:Liabilities",
    "ifrs-full:EquityAndLiabilities",
    "ifrs-full:Equity",
    "ifrs-full:Liabilities",
    "ifrs-full:NetAssetsLiabilities",
}
_CASH: Final = re.compile(
    r"us-gaap:NetCashProvidedByUsedIn(?:Operating|Investing|Financing)Activities"
    r"(?:ContinuingOperations)?"
    r"|ifrs-full:CashFlowsFromUsedIn(?:Operating|Investing|Financing)Activities"
    r"(?:ContinuingOperations)?"
)
_BOTTOM: Final = {
    "us-gaap:NetIncomeLoss",
    "us-gaap:ProfitLoss",
    "us-gaap:NetIncomeLossAvailableToCommonStockholdersBasic",
    "us-gaap:IncomeLossFromContinuingOperations",
    "ifrs-full:ProfitLoss",
    "ifrs-full:ProfitLossAttributableToOwnersOfParent",
    "ifrs-full:ProfitLossFromContinuingOperations",
}
_ABOVE: Final = re.compile(
    r"us-gaap:(?:Revenues|SalesRevenueNet|RevenueFromContractWithCustomer\w*|OperatingIncomeLoss"
    r"|GrossProfit|OperatingExpenses|CostsAndExpenses|IncomeTaxExpenseBenefit|InterestExpense"
    r"|IncomeLossFromContinuingOperationsBefore\w+|EarningsPerShare\w+|InterestAndDividendIncome\w*"
    r"|NoninterestIncome|NoninterestExpense|CostOfRevenue|CostOfGoodsAndServicesSold"
    r"|BenefitsLossesAndExpenses|ResearchAndDevelopmentExpense|GeneralAndAdministrativeExpense"
    r"|SellingGeneralAndAdministrativeExpense)"
    r"|ifrs-full:(?:Revenue\w*|GrossProfit|CostOfSales|ProfitLossBeforeTax|IncomeTaxExpense\w+"
    r"|ProfitLossFromOperatingActivities|BasicEarningsLossPerShare|DilutedEarningsLossPerShare"
    r"|FinanceCosts|FinanceIncome|EmployeeBenefitsExpense|DepreciationAndAmortisationExpense)"
)
_ENOUGH_ABOVE: Final = 2


@dataclass(frozen=True, slots=True)
class Role:
    """A presentation role that is a primary statement.

    Attributes:
        title: As the definition has it, without number and category; None if there is none.
        scope: As the title says it.
        by_title: Whether no concept confirms the title.
    """

    uri: str
    title: str | None
    scope: Literal["consolidated", "parent"] | None
    by_title: bool = False


def kind_of_title(text: str) -> RoleKind | None:
    """Return which statement a title names; a one-statement form is an income statement."""
    text = " ".join(text.lower().split())
    for kind, pattern in _TITLES:
        if pattern.search(text):
            return kind
    if _COMPREHENSIVE.search(text):
        rest = _COMPREHENSIVE.sub(" ", text)
        return "income_statement" if _INCOME.search(rest) else "comprehensive_income"
    return "income_statement" if _INCOME.search(text) else None


def is_total_assets(concept: str) -> bool:
    """Return whether a concept is total assets, which each column of a balance sheet states."""
    return concept in _ASSETS


def kind_of_concepts(concepts: Collection[str]) -> RoleKind | None:
    """Return which statement the concepts of a role close, None if it is none.

    Args:
        concepts: Those that have facts without dimensions.
    """
    if sum(1 for each in concepts if _CASH.fullmatch(each)) > 1:
        return "cash_flow_statement"
    if not _ASSETS.isdisjoint(concepts) and not _FUNDING.isdisjoint(concepts):
        return "balance_sheet"
    above = sum(1 for each in concepts if _ABOVE.fullmatch(each))
    if not _BOTTOM.isdisjoint(concepts) and above >= _ENOUGH_ABOVE:
        return "income_statement"
    return None


def scope_of_title(title: str) -> Literal["consolidated", "parent"] | None:
    """Return whether a title names the group or the parent; None if it names neither."""
    if _GROUP.search(title):
        return "consolidated"
    return "parent" if _PARENT.search(title) else None


def find_statements(
    roles: Mapping[str, Collection[str]], definitions: Mapping[str, Iterable[str]]
) -> dict[StatementName, Role]:
    """Return the role of each primary statement that is there.

    Args:
        roles: By role URI, the concepts of its presentation that have facts without dimensions.
        definitions: By role URI, what the schemas say of it.
    """
    best: dict[StatementName, tuple[tuple[int, ...], Role]] = {}
    for number, (uri, concepts) in enumerate(roles.items()):
        text = next(iter(definitions.get(uri, ())), "")
        category, title = _parts(uri, text)
        if not _may_be_statement(category, title):
            continue
        named = _named(uri, text, title)
        closed = kind_of_concepts(concepts)
        kind = closed or named
        if kind not in {"income_statement", "balance_sheet", "cash_flow_statement"}:
            continue
        if closed and named and named != closed and not _one_statement_form(closed, named):
            continue
        scope = scope_of_title(title)
        rank = (
            int(scope != "parent"),
            int(closed is not None),
            int(named == closed),
            int(scope == "consolidated"),
            int(category is not None),
            len(concepts),
            -number,
        )
        role = Role(uri, title if text else None, scope, by_title=closed is None)
        if len(concepts) > _ENOUGH_ABOVE and (kind not in best or rank > best[kind][0]):
            best[kind] = rank, role
    return {kind: role for kind, (_, role) in best.items()}


def _may_be_statement(category: str | None, title: str) -> bool:
    """Return whether category and title allow that a role is the face of a statement."""
    if category is None:
        return not _NO_STATEMENT.search(title)
    return category in {"statement", "statements"} and not _NO_FACE.search(title)


def _one_statement_form(closed: RoleKind, named: RoleKind) -> bool:
    """Return whether a statement of comprehensive income begins with the income statement."""
    return closed == "income_statement" and named == "comprehensive_income"


def _parts(uri: str, text: str) -> tuple[str | None, str]:
    """Return the category of a definition as the SEC has it, and the title."""
    if match := _SEC.match(text):
        return match[1].lower(), match[2].strip()
    if text:
        return None, re.sub(r"^\s*\[[A-Z]?\d+[a-z]?\]\s*", "", text)
    tail = uri.rstrip("/").rpartition("/")[2]
    return None, _CAMEL.sub(" ", re.sub(r"[_\-]+", " ", tail))


def _named(uri: str, text: str, title: str) -> RoleKind | None:
    """Return the statement that a role is named for; the number of an IFRS role decides."""
    code = _IFRS_CODE.search(text) or _IFRS_CODE.search(uri)
    if code:
        return _IFRS_KINDS.get(code[1][0])
    return kind_of_title(title)
