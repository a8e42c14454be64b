"""Lint new revisions for unsafe changes, without a database."""
