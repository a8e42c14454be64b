"""Why a file, or a part of it, cannot be read."""


class ReadError(ValueError):
    """A file cannot be read; the message is one line and ends with what the user can do.

    Attributes:
        code: A stable name of the cause in snake_case, such as `encrypted` or `not_a_report`,
            which programs compare.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
