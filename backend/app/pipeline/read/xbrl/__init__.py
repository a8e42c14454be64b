"""Read XBRL: instances with linkbases, and what xBRL-JSON and companyfacts share with them."""

from app.pipeline.read.xbrl.reader import read_xbrl

__all__ = ["read_xbrl"]
