"""Autogenerate tries what it writes: one disposable server for all tests of a worker."""

import pytest


@pytest.fixture(autouse=True)
def _one_server(shadow_server: None) -> None:
    """Let each trial use the same server."""
