"""Prove what was read: sums within a statement, ties between statements, and the status."""
