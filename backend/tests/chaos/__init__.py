"""Add filings under the conditions of production: `python -m tests.chaos`."""
