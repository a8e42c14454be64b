"""The form of a filing, such as 10-K/A, as the filing itself says it."""

import re

_FORM = re.compile(r"[A-Z0-9][A-Z0-9 /.-]{0,19}")
_TRUE = frozenset({"true", "1"})


def form_of(kind: str | None, amends: str | None) -> str | None:
    """Return the form of a filing, with /A if it amends an earlier one.

    Args:
        kind: The text of `dei:DocumentType`, such as 10-K or 10-K/A.
        amends: That of `dei:AmendmentFlag`.
    """
    form = " ".join((kind or "").upper().split())
    if not _FORM.fullmatch(form):
        return None
    amended = (amends or "").strip().lower() in _TRUE
    return f"{form}/A" if amended and not form.endswith("/A") else form
