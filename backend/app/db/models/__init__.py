"""The models; importing this package imports all of them, so that `Base.metadata` is complete."""

from app.db.models.company import Company
from app.db.models.compiled_statement import CompiledStatement
from app.db.models.correction import Correction
from app.db.models.document import Document
from app.db.models.extraction import Extraction

__all__ = ["Company", "CompiledStatement", "Correction", "Document", "Extraction"]
