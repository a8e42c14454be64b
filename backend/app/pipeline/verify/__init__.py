"""Prove what was read: sums within a statement, ties between statements, and the status."""

from app.pipeline.verify.filing import verify

__all__ = ["verify"]
