"""Tell whether what would be removed is still what a person saw."""

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.services.company_changes import RemovedCompany
    from app.services.removing import Removal


def fingerprint_of(planned: "Removal | RemovedCompany") -> str:
    """Return what changes whenever more or less goes with a document or a company."""
    return hashlib.sha256(repr(planned).encode(errors="replace")).hexdigest()
