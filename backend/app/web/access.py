"""Which hosts and which token the settings allow, read once for each application."""

import logging
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from app.errors import SettingsError
from app.host_names import HostPattern, parse_allowed

logger = logging.getLogger("uvicorn.error")  # the server's own log

LOCAL_ONLY: Final = "Writes: from this machine only, until WRITE_TOKEN is set; reads are open"
WITH_TOKEN: Final = "Writes: from this machine, from others with WRITE_TOKEN; reads are open"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings allow.

    Attributes:
        token: With which other machines may write; None if they may not.
        hosts: By which names the API may be called; None for any.
    """

    token: bytes | None = field(repr=False)
    hosts: tuple[HostPattern, ...] | None


class Access:
    """The rules of an application; the settings are read at the first request."""

    @cached_property
    def rules(self) -> Rules:
        """The rules; what fails is tried again at the next request.

        Raises:
            SettingsError: A setting is invalid, so that nothing is allowed.
        """
        from config import load_settings  # noqa: PLC0415 importing pydantic-settings is slow

        settings = load_settings()
        token = settings.write_token.get_secret_value() if settings.write_token else ""
        return Rules(token.encode() or None, parse_allowed(settings.allowed_hosts or ""))

    def log(self) -> None:
        """Log who may write, when the server starts."""
        try:
            logger.info(WITH_TOKEN if self.rules.token else LOCAL_ONLY)
        except SettingsError as error:
            logger.error("No requests are answered: %s", error)  # noqa: TRY400 it is complete
