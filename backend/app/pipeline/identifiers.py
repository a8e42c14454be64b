"""Names and numbers of companies, as far as a form decides whether they are right."""

from typing import Final

MAX_NAME: Final = 200  # characters


def has_check_digits(lei: str) -> bool:
    """Return whether the last two digits of an LEI are those of the others.

    Args:
        lei: 18 letters or digits and two digits (ISO 17442; the digits are ISO 7064, MOD 97-10).
    """
    return int("".join(str(int(each, 36)) for each in lei)) % 97 == 1
