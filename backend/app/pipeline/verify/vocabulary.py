"""Words of financial statements in English, German, French and Dutch, on normalised labels.

A word only finds candidates; that a row is a total is proved by arithmetic.
"""

import re
import unicodedata
from collections.abc import Callable  # noqa: TC003
from functools import lru_cache

_NOTE = re.compile(r"\((?:notes?|anhang|anm|annexes?|toelichting)\b[^)]*\)")
_POSSESSIVE = re.compile(r"['\u2019`]s\b|(?<=s)['\u2019`](?=\s|$)")
_NO_WORD = re.compile(r"[^a-z0-9&]+")
_KEPT = 2048
"""Labels of which the answer of a pattern is kept: many statements repeat the same few hundred."""


class Words:
    """A regular expression that remembers its answers.

    Attributes:
        search: As that of `re.Pattern`.
    """

    __slots__ = ("search",)

    def __init__(self, pattern: str) -> None:
        self.search: Callable[[str], re.Match[str] | None] = lru_cache(_KEPT)(
            re.compile(pattern).search
        )


@lru_cache(maxsize=8192)
def normalise(label: str) -> str:
    """Return a label for comparison: lower case, no accents, no notes, words by single spaces."""
    text = unicodedata.normalize("NFKD", label.replace("ß", "ss")).casefold()
    text = "".join(each for each in text if not unicodedata.combining(each))
    text = _POSSESSIVE.sub("", _NOTE.sub(" ", text))
    return _NO_WORD.sub(" ", text).strip()


OF_WHICH = Words(
    r"^(?:(?:thereof|of which|including|davon|darunter|dont|waarvan|waaronder)\b"
    r"|.*\b(?:of which|thereof|davon|waarvan)$)"
)
"""A line that repeats a part of another line: no term of a sum."""

TOTAL = Words(
    r"^total\b|\btotal$|\bsub ?total\b|^net (?!of\b)|^gross (?:profit|margin|loss)"
    r"|\b(?:profit|loss|income|earnings|result)\b.*\b(?:before|after|for the|from operations)\b"
    r"|^(?:operating|comprehensive) (?:profit|loss|income|result)"
    r"|\bnet (?:cash|assets|income|loss|profit|earnings|increase|decrease|change)\b"
    r"|^(?:sum|gesamt|summe|bilanzsumme|ergebnis|jahres|rohertrag|bruttoergebnis|betriebsergebnis)"
    r"|\b(?:insgesamt|ergebnis (?:vor|nach)|jahresuberschuss|konzernergebnis|mittelzufluss"
    r"|mittelabfluss|cashflow aus)\b"
    r"|^(?:resultat|benefice|marge brute|excedent|flux (?:net|de tresorerie))"
    r"|\b(?:resultat (?:net|avant|operationnel|d exploitation)|variation (?:nette )?de (?:la )?"
    r"tresorerie)\b"
    r"|^(?:totaal|brutowinst|bedrijfsresultaat|resultaat|nettoresultaat|winst|som)"
    r"|\b(?:kasstroom uit|balanstotaal|netto (?:mutatie|toename|afname))\b"
)
"""Labels that usually stand at a total."""

ATTRIBUTION = Words(
    r"\battributable\b|\bzurechenbar\b|\bentfallend\b|\battribuable|\btoerekenbaar\b|\bdavon\b"
)
"""Headings of the split of a profit between the owners of the parent and others."""

NONCONTROLLING = Words(
    r"\bnon ?controlling\b|\bminorit(?:y|ies)\b|\banteile anderer\b|\bnicht beherrschend"
    r"|\bminderheit|\bminoritaires?\b|\bne donnant pas le controle\b|\bminderheidsbelang"
    r"|\bbelang van derden\b"
)
"""The share of others than the owners of the parent."""

_MONTHS = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|okt|dez|fev|avr|juin|juil|aout|maart"
    r"|mei)[a-z]*"
)

TOTAL_ASSETS = Words(
    r"^(?:group )?total assets$|^assets total$|^assets$"
    r"|^(?:summe|total|gesamt)(?: der)? (?:aktiva|aktiven|vermogenswerte|vermogen)$|^bilanzsumme$"
    r"|^aktiva(?: gesamt| insgesamt)?$|^vermogenswerte(?: gesamt| insgesamt)?$|^gesamtvermogen$"
    r"|^total (?:general )?(?:de l |des |de )?actifs?$|^actif total$|^total general$"
    r"|^(?:totaal|totale|som)(?: der| van de)? activa$|^activa totaal$|^balanstotaal$"
)
REVENUE = Words(
    r"^(?:group |consolidated )?(?:total )?(?:net )?(?:operating )?(?:revenues?|sales|turnover)"
    r"(?: net)?$|^(?:total )?(?:net )?(?:sales revenues?|revenues? from contracts with customers)$"
    r"|^total (?:net )?(?:revenues?|sales) and other (?:operating )?income$"
    r"|^(?:summe |netto)?umsatz(?:erlose)?(?: gesamt| insgesamt)?$|^erlose$"
    r"|^chiffre d affaires(?: net| total| consolide)?$|^produits des activites ordinaires$"
    r"|^(?:totale |netto ?)?omzet$"
)
"""The whole revenue; "total sales" may stand below "net sales", of which it is then the sum."""
LIABILITIES_AND_EQUITY = Words(
    r"^(?=.*\bliabilit)(?=.*\b(?:equity|deficit|deficiency|capital|funds|investment)\b)"
    r"|^(?:summe|total|gesamt)?(?: der)? ?(?:passiva|passiven)(?: gesamt| insgesamt)?$"
    r"|^bilanzsumme$|^(?=.*eigenkapital)(?=.*(?:schulden|verbindlichkeiten|fremdkapital))"
    r"|^total (?:general )?(?:du |de )?passif|^total general$|^(?=.*capitaux propres)(?=.*passif)"
    r"|^(?:totaal|totale|som)(?: der| van de)? passiva$|^passiva totaal$|^balanstotaal$"
    r"|^(?=.*eigen vermogen)(?=.*(?:verplichtingen|schulden))"
)
NET_ASSETS = Words(
    r"^(?:total )?net (?:assets|liabilities)\b|^total assets less total liabilities$"
    r"|^(?:netto|rein)vermogen|^actif net|^netto ?activa"
)
TOTAL_LIABILITIES = Words(
    r"^total liabilities$|^liabilities total$|^liabilities$"
    r"|^(?:summe|total|gesamt)(?: der)? (?:schulden|verbindlichkeiten|fremdkapital)$"
    r"|^schulden(?: gesamt| insgesamt)?$|^total (?:des )?(?:passifs|dettes)$"
    r"|^totaal (?:verplichtingen|schulden)$"
)
EQUITY = Words(
    r"^(?:total )?(?:group )?(?:equity|(?:equity )?(?:share|stock)?holders (?:equity|funds|deficit)"
    r"|equity (?:share|stock)holders funds|capital and reserves|members (?:funds|interests|equity)"
    r"|partners capital|funds|capital)(?: deficit)?$|^total equity\b"
    r"|^(?:summe |total )?(?:konzern)?eigenkapital(?: gesamt| insgesamt)?$"
    r"|^(?:total (?:des )?)?capitaux propres(?: totaux)?$|^total des fonds propres$"
    r"|^(?:totaal )?(?:groeps|eigen )vermogen$"
)
CASH = Words(
    r"\bcash\b|\bbanks?\b|\boverdrafts?\b|\bliquid|\bmoney market\b|\bfunds\b|\bdeposits?\b"
    r"|\bflussige mittel\b|\b(?:finanz|zahlungs)mittel|\bguthaben\b|\bkassen?\b"
    r"|\btresorerie\b|\bdisponibilites\b|\bbanques?\b|\bbanken\b|\bgeldmiddelen\b|\bkas\b|\bbanktegoed"
)
OPENING = Words(
    r"\bbeginning\b|\bstart\b|\bopening\b|\bcommencement\b|\bbrought forward\b"
    r"|\banfang|\bbeginn\b|\b(?:jahres|perioden)(?:anfang|beginn)\b|\bouverture\b|\bdebut\b"
    r"|\bbegin\b|\bbegin(?:stand|saldo)\b|\baanvang\b"
    rf"|\b(?:1|1er|01) {_MONTHS}\b|\b{_MONTHS} 1\b"
)
CLOSING = Words(
    r"\bend\b|\bending\b|\bclosing\b|\bclose\b|\bcarried forward\b|\byear end\b|\bende\b"
    r"|\b(?:jahres|perioden)ende\b|\bschluss\b|\bcloture\b|\bfin\b|\beinde\b|\beind|\bultimo\b"
    rf"|\b(?:2[4-9]|3[01]) {_MONTHS}\b|\b{_MONTHS} (?:2[4-9]|3[01])\b"
)
CHANGE = Words(
    r"\bincrease|\bdecrease|\bchange|\bmovement|\bzunahme\b|\babnahme\b|veranderung"
    r"|\bvariation\b|\bmutatie\b|\btoename\b|\bafname\b"
)
FLOWS = (
    Words(r"\boperat|\bbetrieblich|geschaftstatigkeit|\bexploitation\b|\bbedrijfs"),
    Words(r"\binvest"),
    Words(r"\bfinanc|\bfinanzierung"),
)
"""Cash flows from operating, investing and financing activities."""
PROFIT = Words(
    r"\bprofits?\b|\bincome\b|\bearnings\b|\bloss(?:es)?\b|\bsurplus\b|\bdeficit\b|\bresult\b"
    r"|ergebnis|uberschuss|fehlbetrag|\bgewinn|\bverlust|\bbenefice|\bperte\b|\bresultat"
    r"|\bwinst|\bverlies|resultaat"
)
NET_INCOME = Words(
    r"^(?:consolidated )?net (?:income|profit|loss|earnings)"
    r"|^(?:profit|loss|earnings)\b.*\b(?:for the|year|period)\b"
    r"|^(?:profit|loss)(?: loss)?$|^(?:profit|loss)\b.*\bafter tax"
    r"|jahresuberschuss|^konzernergebnis|^resultat net|^(?:netto)?(?:resultaat|winst)\b"
)
COMPREHENSIVE = Words(
    r"\bcomprehensive\b|\bgesamtergebnis|\bsonstiges ergebnis\b|\bresultat global\b"
    r"|\btotaalresultaat\b"
)
RESTRICTED = Words(
    r"\brestrict|\bsegregated\b|\boverdraft|\bverfugungsbeschrank|\brestriction|\bbeklemd"
)
"""Closing cash with these words is more, or less, than the balance sheet's cash."""
RECEIPTS = Words(
    r"\breceipts?\b|\breceived\b|\bcustomers?\b|\bpayments?\b|\bpaid\b|\beinzahlung"
    r"|\bauszahlung|\bencaissement|\bdecaissement|\bontvang|\bbetaling|\bkunden\b|\bclients\b"
    r"|^(?:net )?cash (?:flows?|generated|inflow|outflow|used|from|absorbed).*\boperat"
)
"""The first lines of a cash flow by the direct method, or of one that a note reconciles."""
GAIN = Words(
    r"\bincome\b|\bgains?\b|\bprofits?\b|\bcredits?\b|\bertrag|\bertrage\b|\bgewinn|\bproduits?\b"
    r"|\bgains?\b|\bopbrengst|\bbaten\b"
)
COST = Words(
    r"\bloss(?:es)?\b|\bexpenses?\b|\bcosts?\b|\bcharges?\b|\btax(?:es|ation)?\b|aufwand|aufwendung"
    r"|\bverlust|\bsteuer|\bpertes?\b|\bimpots?\b|\bkosten\b|\blasten\b|\bverlies|\bbelasting"
)
