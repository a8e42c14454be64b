"""Titles of statements in further languages of the European Union and its neighbours."""

from typing import Final

# Languages: pt, no, sv, da, fi, cs and sk, el, hu, ro, hr and sl, lt, lv, et, bg.
OTHER: Final = (
    r"altera.{1,4}es (?:n[oa]|do) (?:capital|patrim)|"
    r"(?:endringer|bevegelser) i .*egenkapital|"
    r"^noter\b|"
    r"oman pääoman muutok|liitetiedot|"
    r"změn.{1,6}vlastní(?:ho|m) kapit|zmen.{1,6}vlastného imania|^příloha|"
    r"μεταβολών|^σημειώσεις|"
    r"saját ?tőke.*változás|^kiegészítő m|"
    r"modific[ăa]ri.*capital|"
    r"promjen.*(?:kapital|glavnic)|gibanj.*kapital|"
    r"nuosavo kapitalo pokyč|"
    r"pašu kapitāla izmaiņ|"
    r"omakapitali (?:liikumis|muutus)|"
    r"^memoria\b|informacje objaśniaj|^noty\b"
)
CASH_FLOWS: Final = (
    r"kontantstrømoppst|"
    r"peněžních to|peňažných tok|"
    r"ταμειακών ροών|"
    r"cash[\s-]?flow-?\s?kimutatás|"
    r"fluxuri\w* de (?:numerar|trezorerie)|"
    r"novčan\w+ tok|denarn\w+ tok|"
    r"pinigų srautų|"
    r"naudas plūsm|"
    r"rahavoogude aruanne|"
    r"паричните потоци"
)
BALANCE: Final = (
    r"^balance(?: pr\.? .*)?$|^(?:konsolidert|koncern\w*|konsern\w*) balanse?\b|"
    r"rozvaha\b|finanční (?:pozici|situaci)|finančnej situácii|^súvaha|"
    r"οικονομικής θέσης|ισολογισμ|"
    r"^(?:konszolidált )?mérleg|"
    r"pozi[țţt]iei? financiare|^bilan[țţt]|"
    r"financijskom položaju|^(?:konsolidirana )?bilanca\b|finančnega položaja|"
    r"finansinės būklės|"
    r"finanšu stāvokļa|"
    r"finantsseisundi aruanne|"
    r"финансовото състояние"
)
COMPREHENSIVE: Final = (
    r"(?:rendimento|resultado) integral|"
    r"totalresultat|totalindkomst|"
    r"laaja tuloslaskelma|laajan tuloksen|"
    r"úplném výsledku|komplexnom výsledku|"
    r"συνολικ\w+ ε[ιί]|"
    r"átfogó (?:jövedelem|eredmény)|"
    r"rezultat\w* global|"
    r"sveobuhvatn|vseobsegajo|"
    r"bendrųjų pajamų|"
    r"visaptveroš|"
    r"koondkasumi|"
    r"всеобхватния доход"
)
INCOME: Final = (
    r"zisk\w* (?:a|nebo|alebo) (?:ztrát|strát)|"
    r"κατ[άα]σταση αποτελεσμάτων|"
    r"eredménykimutatás|"
    r"profit (?:sau|[șş]i) pierdere|"
    r"dobiti? (?:i|ili) gubit|izkaz poslovnega izida|"
    r"pelno \(?(?:nuostoli|ir )|"
    r"peļņas (?:vai|un) zaud|"
    r"^(?:konsolideeritud )?kasumiaruanne|"
    r"печалбата или загубата"
)
GROUP: Final = r"konsern|konszoli|konsoli|consolidad|ενοποιημ|консолид"
