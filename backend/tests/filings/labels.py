"""Labels of statements as reports print them: American and IFRS English, German, French, Dutch.

`labels.txt` has a line for each key: key, then the label in each variant; `labels_uk.txt` has what
UK companies print otherwise under FRS 102.
"""

from pathlib import Path

_HERE = Path(__file__).parent

# Title of each statement, by variant of the language: several, of which a report uses one.
TITLES: dict[str, dict[str, tuple[str, ...]]] = {
    "us": {
        "income_statement": (
            "CONSOLIDATED STATEMENTS OF OPERATIONS",
            "Consolidated Statements of Income",
            "Statement of Consolidated Earnings",
        ),
        "balance_sheet": (
            "CONSOLIDATED BALANCE SHEETS",
            "Consolidated Balance Sheets",
            "Consolidated Statements of Financial Condition",
        ),
        "cash_flow_statement": (
            "CONSOLIDATED STATEMENTS OF CASH FLOWS",
            "Consolidated Statements of Cash Flows",
            "Statement of Consolidated Cash Flows",
        ),
    },
    "en": {
        "income_statement": (
            "Consolidated income statement",
            "CONSOLIDATED STATEMENT OF PROFIT OR LOSS",
            "Group income statement",
        ),
        "balance_sheet": (
            "Consolidated statement of financial position",
            "CONSOLIDATED BALANCE SHEET",
            "Group balance sheet",
        ),
        "cash_flow_statement": (
            "Consolidated statement of cash flows",
            "CONSOLIDATED CASH FLOW STATEMENT",
            "Group cash flow statement",
        ),
    },
    "de": {
        "income_statement": (
            "Konzern-Gewinn- und Verlustrechnung",
            "KONZERN-GEWINN- UND VERLUSTRECHNUNG",
            "Gewinn- und Verlustrechnung des Konzerns",
        ),
        "balance_sheet": ("Konzernbilanz", "KONZERNBILANZ", "Bilanz des Konzerns"),
        "cash_flow_statement": (
            "Konzern-Kapitalflussrechnung",
            "KONZERN-KAPITALFLUSSRECHNUNG",
            "Kapitalflussrechnung des Konzerns",
        ),
    },
    "fr": {
        "income_statement": (
            "Compte de résultat consolidé",
            "COMPTE DE RÉSULTAT CONSOLIDÉ",
            "Compte de résultat consolidé du Groupe",
        ),
        "balance_sheet": (
            "Bilan consolidé",
            "ÉTAT CONSOLIDÉ DE LA SITUATION FINANCIÈRE",
            "État de la situation financière consolidée",
        ),
        "cash_flow_statement": (
            "Tableau des flux de trésorerie consolidés",
            "TABLEAU CONSOLIDÉ DES FLUX DE TRÉSORERIE",
            "Tableau de flux de trésorerie consolidé",
        ),
    },
    "nl": {
        "income_statement": (
            "Geconsolideerde winst- en verliesrekening",
            "GECONSOLIDEERDE WINST-EN-VERLIESREKENING",
            "Geconsolideerde resultatenrekening",
        ),
        "balance_sheet": (
            "Geconsolideerde balans",
            "GECONSOLIDEERDE BALANS",
            "Geconsolideerd overzicht van de financiële positie",
        ),
        "cash_flow_statement": (
            "Geconsolideerd kasstroomoverzicht",
            "GECONSOLIDEERD KASSTROOMOVERZICHT",
            "Geconsolideerd overzicht van kasstromen",
        ),
    },
}
# The same words without "consolidated": the statements of the parent alone.
PARENT_TITLES: dict[str, dict[str, str]] = {
    "us": {
        "income_statement": "Parent company statements of income",
        "balance_sheet": "Parent company balance sheets",
        "cash_flow_statement": "Parent company statements of cash flows",
    },
    "en": {
        "income_statement": "Company income statement",
        "balance_sheet": "Company statement of financial position",
        "cash_flow_statement": "Company statement of cash flows",
    },
    "de": {
        "income_statement": "Gewinn- und Verlustrechnung der Muttergesellschaft",
        "balance_sheet": "Bilanz der Muttergesellschaft",
        "cash_flow_statement": "Kapitalflussrechnung der Muttergesellschaft",
    },
    "fr": {
        "income_statement": "Compte de résultat de la société mère",
        "balance_sheet": "Bilan de la société mère",
        "cash_flow_statement": "Tableau des flux de trésorerie de la société mère",
    },
    "nl": {
        "income_statement": "Enkelvoudige winst- en verliesrekening",
        "balance_sheet": "Enkelvoudige balans",
        "cash_flow_statement": "Enkelvoudig kasstroomoverzicht",
    },
}
# Of statements whose columns are those of the group and of the parent, side by side.
BESIDE_TITLES = {
    "income_statement": "Statements of profit or loss",
    "balance_sheet": "Statements of financial position",
    "cash_flow_statement": "Statements of cash flows",
}
OCI_TITLES = {
    "us": "CONSOLIDATED STATEMENTS OF COMPREHENSIVE INCOME",
    "en": "Consolidated statement of comprehensive income",
    "de": "Konzern-Gesamtergebnisrechnung",
    "fr": "État du résultat global consolidé",
    "nl": "Geconsolideerd overzicht van het totaalresultaat",
}
# Printed for every row whose key starts with one of these where a report repeats "Other".
OTHER = {"us": "Other", "en": "Other", "de": "Sonstige", "fr": "Autres", "nl": "Overige"}
_VARIANTS = ("us", "en", "de", "fr", "nl")


def _labels() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {variant: {} for variant in (*_VARIANTS, "uk")}
    for line in (_HERE / "labels.txt").read_text("utf-8").splitlines():
        key, *labels = (part.strip() for part in line.split("|"))
        for variant, label in zip(_VARIANTS, labels, strict=True):
            table[variant][key] = label
    table["uk"] = dict(table["en"])
    for line in (_HERE / "labels_uk.txt").read_text("utf-8").splitlines():
        key, label = (part.strip() for part in line.split("|"))
        table["uk"][key] = label
    return table


LABELS = _labels()
"""Label by variant (`us`, `en`, `de`, `fr`, `nl`, `uk`) and key; keys of headings start with H_."""
