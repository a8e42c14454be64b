"""Currency and scale as headings and notes print them: "Rs. crore", "HK$'000", "in Mio. €"."""

import re
from dataclasses import dataclass

from app.pipeline.read.pdf.language import fold

# Symbols and names, as fold() writes them, and the ISO 4217 code that they mean.
_MEANT: tuple[tuple[str, str], ...] = (
    ((
        r"us ?\$|thus\$|u\.s\. ?\$|usd|\$us|u\.?s\.? dollars?|"
        r"united states (?:of america )?dollars?|dollars? us|us-dollars?|"
        r"american dollars?|dollars? americains"
    ), "USD"),
    (r"c\$|ca\$|cdn ?\$|can\$|\$can|cad|canadian dollars?|dollars? canadiens?", "CAD"),
    (r"au?\$|aud|australian dollars?", "AUD"),
    (r"nz ?\$|nzd|new zealand dollars?", "NZD"),
    (r"hk ?\$|hkd|hong kong dollars?", "HKD"),
    (r"s\$|sgd|singapore dollars?", "SGD"),
    (r"nt ?\$|twd|(?:new )?taiwan dollars?", "TWD"),
    (r"r ?\$|brl|brazilian (?:reais|real)|reais", "BRL"),
    (r"mex ?\$|mxn|mexican pesos?", "MXN"),
    (r"\u20ac|eur|euros?", "EUR"),
    ((
        r"\u00a3|gbp|pounds? sterling|sterling|british pounds?|uk pounds?|"
        r"livres? sterling|livres|pfund(?: sterling)?|ponden(?: sterling)?|"
        r"britse ponden"
    ), "GBP"),
    ((
        r"chf|sfr\.?|swiss francs?|schweizer franken|francs suisses|franken|"
        r"zwitserse frank(?:en)?"
    ), "CHF"),
    (r"jpy|japanese yen|yens?|japanische yen", "JPY"),
    (r"rmb|cny|renminbi|chinese yuan|yuan", "CNY"),
    (r"\u20b9|inr|indian rupees?", "INR"),
    (r"sek|swedish kron(?:or|a)|schwedische kronen|couronnes suedoises|zweedse kronen", "SEK"),
    (r"nok|norwegian kroner?|norwegische kronen|couronnes norvegiennes|noorse kronen", "NOK"),
    (r"dkk|danish kroner?|danische kronen|couronnes danoises|deense kronen", "DKK"),
    (r"isk|icelandic krona", "ISK"),
    (r"\u20a9|krw|korean won", "KRW"),
    (r"zar|south african rands?|rands?", "ZAR"),
    (r"myr|rm(?= ?'?000)|ringgit(?: malaysia)?|malaysian ringgit", "MYR"),
    (r"pln|z\u0142|zl|polish zloty|zloty(?:ch|s)?", "PLN"),
    (r"czk|kc|czech (?:koruna|crowns?)", "CZK"),
    (r"huf|hungarian forints?|forints?", "HUF"),
    (r"\u20ba|try|turkish lira", "TRY"),
    (r"\u20aa|ils|nis|(?:new )?israeli shekels?|new shekels?", "ILS"),
    (r"\u20bd|rub|rur|russian rubles?|roubles?|rubles?", "RUB"),
    (r"aed|uae dirhams?|dirhams?", "AED"),
    (r"sar|saudi riyals?", "SAR"),
    (r"qar|qr\.?(?= ?'?000)|qatari? riyals?", "QAR"),
    (r"kwd|kuwaiti dinars?|kd", "KWD"),
    (r"thb|thai baht|baht", "THB"),
    (r"idr|rp\.?|rupiah", "IDR"),
    (r"\u20b1|php|philippine pesos?", "PHP"),
    (r"vnd|vietnamese dong", "VND"),
    (r"pkr|pakistani? rupees?", "PKR"),
    (r"lkr|sri lankan? rupees?", "LKR"),
    (r"\u20a6|ngn|nigerian naira|naira", "NGN"),
    (r"kshs?\.?|kes|kenyan shillings?", "KES"),
    (r"egp|egyptian pounds?", "EGP"),
    (r"clp|(?:th)?ch\$|chilean pesos?", "CLP"),
    (r"bdt|taka|tk\.?(?= ?'?000| million)|\u09f3", "BDT"),
    (r"cop|colombian pesos?", "COP"),
    (r"ars|argentine pesos?", "ARS"),
    (r"ron|romanian le[iu]|lei", "RON"),
    (r"bgn|bulgarian lev[as]?", "BGN"),
)  # fmt: skip
# Signs of more than one currency: which one is for the document to say.
_AMBIGUOUS: tuple[tuple[str, str], ...] = (
    (r"\$|dollars?", "$"),
    (r"\u00a5|\uffe5", "\u00a5"),
    (r"kr\.?|kronor|kroner|krona", "kr"),
    (r"rs\.?|rupees?", "Rs"),
    (r"(?<![a-z])r(?=(?: million|m\b|'000| ?'000| ?000))", "R"),
    (r"pesos?|ps\.", "peso"),
    (r"won", "won"),
    (r"pounds?", "pound"),
)
# A letter may follow that is the scale: £m, $k, EURm.
_END = r"(?=[^a-z]|$|(?:m|k|mn|bn|mio|million|thousand)(?![a-z]))"
_EDGE = r"(?<![a-z0-9])(?:{})" + _END
_CURRENCIES = tuple((re.compile(_EDGE.format(pattern)), code) for pattern, code in _MEANT)
_SIGNS = tuple((re.compile(_EDGE.format(pattern)), sign) for pattern, sign in _AMBIGUOUS)
_ANY = "|".join(pattern for pattern, _ in (*_MEANT, *_AMBIGUOUS))

_K = (
    r"thousands?|tausend|tsd\.?|t(?:eur|chf|usd|sek|nok|dkk|gbp|\u20ac|kr)|"
    r"k(?:eur|chf|usd|sek|nok|dkk|gbp|\u20ac|\$|\u00a3)|milliers?|"
    r"duizend(?:en)?|migliaia|miles|'?000'?s?|th\.?|k"
)
_M = (
    r"millions?|millionen|mn\.?|mln\.?|mio\.?|mios|mill\.|miljoen(?:en)?|"
    r"milioni|millones|m(?:eur|chf|usd|sek|nok|dkk|gbp|\u20ac|kr)|mm|m"
)
_B = r"billions?|bn\.?|mrd\.?|mrds|milliarden?|milliards?|miljard(?:en)?|mia\.?|bn"
_SCALES: tuple[tuple[str, int], ...] = (
    (r"hundred millions?|100 millions?", 8),
    (r"(?:hundred|100) thousands?", 5),
    (r"ten thousands?", 4),
    (r"crores?|crs?\.?", 7),
    (r"lakhs?|lacs?", 5),
    (_K, 3),
    (_M, 6),
    (_B, 9),
)
_SHORT = re.compile(r"\|(?:k|m|mm|th\\\.\?|crs\?\\\.\?|[tkm]\(\?:[^)]*\))(?=\||$)")
# Without a currency beside it a letter is no scale.
_WORDS = tuple((_SHORT.sub("", words), scale) for words, scale in _SCALES)
_CUR = rf"(?:{_ANY})"
_OPEN = r"[ '(\[]*(?:1 )?"
_IN = (
    r"(?:stated |expressed |presented |shown |figures |amounts |all |"
    r"angaben |betrage |werte |montants |bedragen |alle |tabular |values |"
    r"rounded )*"
)
_PATTERNS: tuple[tuple[re.Pattern[str], int], ...] = (
    tuple(
        (re.compile(pattern.format(s=words)), scale)
        for words, scale in _SCALES
        for pattern in (
            rf"(?<![a-z0-9]){_CUR}\.?{_OPEN}(?:in |en )?(?:{{s}})(?![a-z0-9])",
            (
                rf"(?<![a-z0-9])(?:{{s}})(?:[ )]+|(?=[\u20ac$\u00a3\u00a5]))(?:of |d'|"
                rf"de |in |von |van )?(?:{_CUR})(?![a-z])"
            ),
        )
    )
    + tuple(
        (re.compile(pattern.format(s=words)), scale)
        for words, scale in _WORDS
        for pattern in (
            r"(?<![a-z])(?:in|en|nearest|to the|to|of)(?: the)?(?: nearest)? (?:{s})(?![a-z0-9])",
            # A company may be called Million: at the start of a line more must say it is a unit.
            r"[(\[] ?(?:{s})(?=[ ,;)\]]|$)",
            r"^(?:{s})(?=[,;)]| of | except| unless|$)",
            (
                r"(?<![a-z0-9])(?:dollars|amounts|figures) (?:are )?(?:expressed |"
                r"stated |presented )?in (?:{s})(?![a-z0-9])"
            ),
        )
    )
    + (
        (re.compile(r"x ?\u20ac? ?1[.,' ]?000[.,' ]000(?!\d)|x (?:eur )?1 ?mln"), 6),
        (re.compile(r"x ?(?:\u20ac|eur)? ?1[.,' ]?000(?![\d.,])"), 3),
        (re.compile(r"(?<![\d.,])'?000(?:'?s| omitted)(?![a-z])"), 3),
        (re.compile(rf"(?<![a-z0-9])(?:{_ANY}) ?1[., ']?000(?![\d.,])"), 3),
        # In Portuguese and in Spanish mil is a thousand.
        (re.compile(r"(?<![a-z])r\$ ?mil(?![a-z])"), 3),
        (
            re.compile(
                r"(?<![a-z])(?:us|a|nz|s|hk|c)?\$ ?mil(?![a-z])|(?<![a-z])(?:myr|rm) +mil(?![a-z])"
            ),
            6,
        ),
        (re.compile(r"(?<![a-z])th(?:us|ch|a|c|nz|hk)?\$"), 3),
        (re.compile(r"(?<=[\u20ac$\u00a3])k(?![a-z])|(?<![a-z0-9])'000(?![\d])"), 3),
    )
)
_JOINED = re.compile(
    r"(?<![a-z0-9])(?P<s>[tkm])(?P<c>eur|chf|usd|sek|nok|dkk|gbp|\u20ac|kr|\u00a3|\$)(?![a-z])"
    r"|(?<![a-z0-9])(?P<c2>eur|chf|usd|sek|nok|dkk|gbp|aud|cad|hkd|sgd|jpy|inr|zar|rmb)"
    r"(?P<s2>m|k|'?000)(?![a-z0-9])"
)
_EXCEPT = re.compile(
    r"except|other than|unless|ausser|sauf|hors|behalve|excluding|save for|apart from"
)
_SHARES_IN = re.compile(
    r"(?:shares?|share data)[^.;)]{0,60}(?:reflected|stated|presented|"
    r"expressed|are|,)? ?in (thousands|millions)"
)
_SHARES_OUT = re.compile(
    r"except.{0,60}?(?:number of shares|"
    r"(?<!per )(?<!per-)\bshares?\b(?! amounts?, par)(?: |-)?(?:data|"
    r"information|amounts|and|,|numbers|count))"
)  # fmt: skip
_IN_CURRENCY = re.compile(
    rf"(?<![a-z])(?:in|en|amounts in) (?:whole |full |vollen? )?(?:{_ANY})(?![a-z])"
)
_LONE = re.compile(rf"[( ]*(?:{_ANY})[) ]*")


@dataclass(frozen=True, slots=True)
class Units:
    """What a heading says about its figures.

    Attributes:
        currency: ISO 4217.
        sign: Of a currency, such as $ or kr, that more than one country has.
        scale: Power of ten.
        shares: Scale of numbers of shares, where it is said.
        whole: Whether a currency is named as the unit and no scale: "(in euros)".
    """

    currency: str | None = None
    sign: str | None = None
    scale: int | None = None
    shares: int | None = None
    whole: bool = False


def find_currency(folded: str) -> tuple[str | None, str | None]:
    """Return the currency that a folded text names first, else the ambiguous sign in it."""
    hits = [(found.start(), -len(found.group()), code) for each, code in _CURRENCIES
            if (found := each.search(folded))]  # fmt: skip
    signs = [(found.start(), -len(found.group()), sign) for each, sign in _SIGNS
             if (found := each.search(folded))]  # fmt: skip
    if joined := _JOINED.search(folded):
        name = joined.group("c") or joined.group("c2")
        code, sign = find_currency(name)
        if code:
            hits.append((joined.start(), -9, code))
        elif sign:
            signs.append((joined.start(), -9, sign))
    if hits:
        return min(hits)[2], None
    return None, min(signs)[2] if signs else None


def fold_units(text: str) -> str:
    """Return a heading folded, ringgit (RM) and millions of rand (Rm) told apart by their case."""
    return fold(re.sub(r"\bRm\b", "ZAR m", re.sub(r"\bRM(?=\b|m\b)", "MYR ", text)))


def read_units(folded: str) -> Units:
    """Return the currency and the scale that a heading states, as far as it does.

    What follows "except" is about shares and not about the figures.

    Args:
        folded: As fold_units() returns it.
    """
    exception = _EXCEPT.search(folded)
    main = folded[: exception.start()] if exception else folded
    currency, sign = find_currency(main)
    scale = _scale(main)
    if scale is None and exception:
        later = folded[exception.start() :]
        # "(unless otherwise stated, in millions of euros)": what is excepted comes first.
        if re.match(r"(?:unless|sauf|ausser|except (?:as|where))[^,;)]{0,40}[,;)]", later):
            rest = later[re.search(r"[,;)]", later).end() :]  # type: ignore[union-attr]
            scale = _scale(rest)
            if currency is None and sign is None:
                currency, sign = find_currency(rest)
    whole = scale is None and bool(_IN_CURRENCY.search(main))
    return Units(currency, sign, scale, _shares(folded, scale), whole)


def _shares(folded: str, scale: int | None) -> int | None:
    if said := _SHARES_IN.search(folded):
        return 3 if said.group(1) == "thousands" else 6
    if _SHARES_OUT.search(folded):
        return 0
    return scale if scale is not None and "except" in folded else None


def _scale(folded: str) -> int | None:
    best: tuple[int, int, int] | None = None
    if joined := _JOINED.search(folded):
        letter = joined.group("s") or joined.group("s2")
        best = (joined.start(), -9, {"t": 3, "k": 3, "m": 6}.get(letter, 3))
    for pattern, scale in _PATTERNS:
        if found := pattern.search(folded):
            hit = (found.start(), -len(found.group()), scale)
            best = hit if best is None else min(best, hit)
    return best[2] if best else None


def is_lone_currency(folded: str) -> bool:
    """Return whether a heading is nothing but a currency: figures in whole units."""
    return bool(_LONE.fullmatch(folded))


_CAPTION = re.compile(
    r"[(\[]?(?:all |alle |tous |toutes |the |tabular )*(?:amounts?|figures?|"
    r"angaben|betrage|bedragen|montants|values?|"
    r"expressed|stated|presented|rounded|in|en|thousands?|millions?|"
    r"milliers|tausend|mio|tsd|us\$|[$\u20ac\u00a3]|"
    r"chf|eur|gbp|usd|sek|nok|dkk|rmb|unless|except)(?![a-z])"
)


def is_caption(folded: str) -> bool:
    """Return whether a line beside a table states the unit of it: no footnote, and no sentence."""
    plain = re.sub(r"1?[.,' ]?000", "", folded)
    short = len(folded.split()) <= 18  # noqa: PLR2004
    return short and bool(_CAPTION.match(folded)) and not re.search(r"\d", plain)
