"""A person's session in a browser: a cookie that only the holder of the write token gets.

It holds when it ends, and the proof that this server wrote it (HMAC-SHA-256, RFC 2104). Nothing is
kept of it here: another WRITE_TOKEN ends every session.
"""

import hashlib
import hmac
import time
from typing import Final

from starlette.datastructures import Headers

NAME: Final = "fde_session"
SECONDS: Final = 12 * 60 * 60
"""A day at work."""
_PURPOSE: Final = b"fde session/1"
"""The key is for nothing else, and does not tell the token."""


def new_session(token: bytes) -> str:
    """Return the value of a cookie for the holder of the token."""
    ends = str(int(time.time()) + SECONDS)
    return f"{ends}.{_proof(token, ends)}"


def has_session(headers: Headers, token: bytes) -> bool:
    """Return whether a request has a session that has not ended.

    Another program of the same host may set cookies of the same name: each is looked at.
    """
    now = time.time()
    for each in ";".join(headers.getlist("cookie")).split(";"):
        name, _, value = each.partition("=")
        if name.strip() == NAME and _is_valid(value.strip().strip('"'), token, now):
            return True
    return False


def _is_valid(value: str, token: bytes, now: float) -> bool:
    ends, _, proof = value.partition(".")
    if not (ends.isascii() and ends.isdecimal() and len(ends) <= len(str(2**53))):
        return False
    is_ours = hmac.compare_digest(proof.encode("latin-1"), _proof(token, ends).encode())
    return is_ours and now < int(ends) <= now + SECONDS


def _proof(token: bytes, ends: str) -> str:
    key = hmac.digest(token, _PURPOSE, hashlib.sha256)
    return hmac.digest(key, ends.encode(), hashlib.sha256).hex()
