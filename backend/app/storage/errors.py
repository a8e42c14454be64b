"""Why a file cannot be stored: one line for people, without a password."""


class StorageError(Exception):
    """The storage of files cannot be used: one line, without a password."""


class SourceError(Exception):
    """The file that is to be stored cannot be read, or has changed."""
