"""Name what a PostgreSQL server was built or installed without, and the way out.

The messages are in English: this library's servers have `lc_messages = 'C'`.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from alembic_zero_downtime.embedded.binaries import EXAMPLE, SETTING

DISPOSABLE = "the disposable server lacks"
INSTALLED = Path("/usr/lib/postgresql")  # where Debian and Ubuntu keep every major version
LACKS = [
    (re.compile(pattern), words)
    for pattern, words in (
        (r'extension "(?P<name>[^"]+)" is not available', "the extension {name}"),
        (
            r'could not open extension control file "[^"]*/(?P<name>[^"]+)\.control"',
            "the extension {name}",
        ),
        (
            r'extension "(?P<name>[^"]+)" has no installation script .* for version "(?P<part>.+)"',
            "version {part} of the extension {name}",
        ),
        (r'could not access file "\$libdir/(?P<name>[^"]+)"', "the library {name}"),
        (r'language "(?P<name>[^"]+)" does not exist', "the language {name}"),
        (
            r'collation "(?P<name>[^"]+-x-icu)" [^"]*"[^"]+" does not exist',
            "ICU, and so its collations such as {name}",
        ),
        ("ICU is not supported in this build", "ICU, and so its collations"),
        ("unsupported XML feature", "libxml"),
        (r"compression method (?P<name>\w+) not supported", "the compression {name}"),
    )
]
LOCALE = re.compile(
    r'collation "(?P<name>[a-z]{2,3}_[A-Z]{2}[^"]*)" [^"]*"[^"]+" does not exist'
    r'|could not create locale "(?P<locale>[^"]+)": '
)


def find_lack(message: str) -> str | None:
    """Return what a server lacks, as an object of a sentence; None if it is something else.

    Args:
        message: has the server's message.
    """
    for pattern, words in LACKS:
        if match := pattern.search(message):
            return words.format(**match.groupdict())
    return None


def explain_lack(error: object) -> str | None:
    """Return what a disposable server lacks and what to do, as a sentence; None if nothing.

    Args:
        error: of the driver, SQLAlchemy's with that one as its `orig`, or a text with its message.
    """
    if lack := find_lack(_message(error)):
        return (
            f"{DISPOSABLE} {lack}: set {SETTING} to the programs of a PostgreSQL "
            f"that has it, e.g. {SETTING}={_example()}"
        )
    return _explain_locale(error)


def ways_out(texts: Iterable[str]) -> list[str]:
    """Return the sentences of `explain_lack` in some texts, each once."""
    found = (DISPOSABLE + each.partition(DISPOSABLE)[2] for each in texts if DISPOSABLE in each)
    return list(dict.fromkeys(found))


def explain_embedded_lack(error: object, url_setting: str) -> str | None:
    """Return what the embedded server lacks and what to do, as a sentence; None if nothing.

    Args:
        error: as above, of a statement that this server ran.
        url_setting: names the database.
    """
    if lack := find_lack(_message(error)):
        return (
            f"the embedded PostgreSQL lacks {lack}: set {url_setting} to a server that has it, and "
            f"{SETTING} to its programs, for the disposable servers"
        )
    return _explain_locale(error)


def _explain_locale(error: object) -> str | None:
    match = LOCALE.search(_message(error))
    if match is None:
        return None
    return f"this machine has no locale {match['name'] or match['locale']}: install it (locale-gen)"


def _message(error: object) -> str:
    if isinstance(error, str):
        return error
    driver_error = getattr(error, "orig", None) or error
    diagnostics = getattr(driver_error, "diag", None)
    return getattr(diagnostics, "message_primary", None) or ""


def _example() -> str:
    """Return the newest programs that the system has, or where they would be."""
    found = [each for each in INSTALLED.glob("*/bin") if (each / "initdb").exists()]
    numbered = [each for each in found if each.parent.name.isdecimal()]
    newest = max(numbered, key=lambda each: int(each.parent.name), default=Path(EXAMPLE))
    return str(newest)
