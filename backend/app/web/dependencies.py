"""What routes get: the database, and the storage of files."""

from typing import Annotated

from fastapi import Depends, Request

from app.storage import Storage, open_storage
from app.web.database import Database


async def _database(request: Request) -> Database:  # a plain function would take a thread
    database: Database = request.app.state.database
    return database


def _storage() -> Storage:
    """Return the storage of the settings.

    Raises:
        SettingsError: The settings are invalid.
        StorageError: STORAGE_URL is of no known kind.
    """
    return open_storage()


OpenDatabase = Annotated[Database, Depends(_database)]
OpenStorage = Annotated[Storage, Depends(_storage)]
