"""Why a use case cannot be carried out: one line for people, without a password."""

from typing import Final


class ServiceError(Exception):
    """The request cannot be carried out, and nothing was changed.

    Attributes:
        code: A stable name in snake_case.
    """

    def __init__(self, code: str, message: str) -> None:
        """Keep the code beside the message."""
        super().__init__(message)
        self.code: Final = code


class NotFoundError(ServiceError):
    """The company, document, line or year does not exist, or several fit."""


class RefusedError(ServiceError):
    """It could be done, and would be wrong without a further decision of the user."""


class UnavailableError(ServiceError):
    """The database or the storage of files cannot be used."""


class StoppedError(UnavailableError):
    """The program that does it stops."""

    def __init__(self) -> None:
        """Say how to go on."""
        super().__init__("stopped", "the program stops: the same request finishes it later")
