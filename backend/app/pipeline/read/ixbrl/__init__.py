"""Read Inline XBRL: the printed tables give label, order and sign, the tags concept and value."""

from app.pipeline.read.ixbrl.reader import read_ixbrl

__all__ = ["read_ixbrl"]
