"""Estimate the data loss of a downgrade, and ask for confirmation."""
