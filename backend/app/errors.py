"""Errors the user can fix; every entry point prints them in one line."""


class SettingsError(ValueError):
    """A setting is missing or invalid; the message names the variable and never its value."""
