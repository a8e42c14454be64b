"""Why an export cannot be written."""


class ExportError(Exception):
    """The format cannot be written; the message is one line and says what to do.

    Attributes:
        code: A stable name in snake_case.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
