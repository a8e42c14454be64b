"""Errors that are the user's to mend; every entry point shows them as one line."""


class SettingsError(ValueError):
    """A setting is present but wrong; the message names the variable and never its value."""


class EmbeddedServerError(Exception):
    """The embedded server cannot be created, started or stopped; the message says what to do."""
