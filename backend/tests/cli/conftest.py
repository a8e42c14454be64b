"""Fixtures of the tests of the command line."""

from tests.services.conftest import shared_database, shelf

__all__ = ["shared_database", "shelf"]
