"""Where a figure comes from in words, as the command line and the pages say it."""

from typing import Final

from app.services.origin_form import Origin, Proof, SignRule

SIGNS: Final[dict[SignRule, str]] = {
    "as_tagged": "printed as it is tagged",
    "negated": "printed with the other sign: the concept counts it the other way round",
    "rounded": "printed rounded",
    "rounded_and_negated": "printed rounded, and with the other sign than the concept's",
    "differs": "printed otherwise than it is tagged",
}


def proof_in_words(origin: Origin) -> str:
    """Return whether a figure is proved."""
    if origin.v is None:
        return "a figure stands there, and cannot be read"
    if origin.verified:
        return "proved by a sum"
    if origin.checkable:
        return "in no sum that holds"
    return "not checkable: a term of no sum"


def difference_of(proof: Proof) -> str:
    """Return the difference of an equation in words."""
    if not proof.difference:
        return "difference 0"
    explained = "which rounding explains" if proof.holds else f"more than {proof.tolerance:f}"
    return f"difference {proof.difference:,f}, {explained}"
