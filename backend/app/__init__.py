"""The Financial Data Extractor's backend; imports flow main → api → services → db."""

from pathlib import Path

BACKEND = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
"""The application's version, as in pyproject.toml."""
