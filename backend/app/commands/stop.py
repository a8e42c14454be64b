"""End the embedded server."""

import argparse

from sqlalchemy import make_url

from app.commands.output import Exit, stdout
from app.db import embedded
from app.db.url import resolve_database_url
from app.errors import SettingsError


def run(_: argparse.Namespace) -> int:
    """End the embedded server; its data stays."""
    try:
        url = resolve_database_url().url
    except SettingsError:  # a wrong setting must not keep a server running
        url = make_url(f"{embedded.DRIVERNAME}:///")
    was_running = embedded.stop(url)
    stdout().print("The embedded PostgreSQL has ended." if was_running else "It was not running.")
    return Exit.FINE
