"""The settings of a migration command: the MIGRATION_* variables."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PREFIX = "MIGRATION_"
# How similar a name is to that of a setting which it was to be: after the prefix, and as a whole.
LIKE, VERY_LIKE = 0.6, 0.85
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
MAX_NAME_BYTES = 63  # of application_name (PostgreSQL manual, "Error Reporting and Logging")


@dataclass(frozen=True)
class MigrationSettings:
    """The timeouts and other settings of a migration command.

    Attributes:
        lock_timeout: how long a statement may wait for a lock, in PostgreSQL's notation.
        statement_timeout: how long a statement may run; `0` for no limit.
        idle_in_transaction_session_timeout: how long a revision may take between statements.
        connect_timeout: for one attempt to connect, in whole seconds.
        application_name: the name of the sessions in `pg_stat_activity`.
        lock_wait: how long to wait for the migration lock, in seconds; 0 fails at once.
        db_wait: how long to wait for a server that is not ready, in seconds.
        git_commit: the commit of the code, if git is not available.
        shadow_bin: the folder of the PostgreSQL programs for disposable servers; None for those of
            the wheel.
        allow_data_loss: whether a downgrade may lose data without confirmation.
    """

    lock_timeout: str = "5s"
    statement_timeout: str = "0"
    idle_in_transaction_session_timeout: str = "10min"
    connect_timeout: int = 10
    application_name: str = "alembic"
    lock_wait: float = 600.0
    db_wait: float = 0.0
    git_commit: str | None = None
    shadow_bin: str | None = None
    allow_data_loss: bool = False

    @classmethod
    def read(cls, variables: Mapping[str, str], *others: str) -> Self:
        """Return the settings in `variables`, among which may be variables of other programs.

        Args:
            variables: e.g. the environment.
            others: further settings that begin with MIGRATION_, which the caller reads.

        Raises:
            ValueError: A value is invalid, or a name is misspelt; the message names the variable.
        """
        refuse_misspelt_names(variables, others)
        values: dict[str, object] = {}
        for field, parse in PARSERS.items():
            name = f"{PREFIX}{field.upper()}"
            if name in variables:
                try:
                    values[field] = parse(variables[name].strip())
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
        answer = variables.get("ALLOW_DATA_LOSS", "0")
        if answer not in ("0", "1", ""):
            raise ValueError("ALLOW_DATA_LOSS: 1 to skip the confirmation of data loss, or 0")
        return cls(**values, allow_data_loss=answer == "1")  # type: ignore[arg-type]

    @property
    def server_parameters(self) -> dict[str, str]:
        """The parameters of every session that migrates.

        The statement of a killed process must not continue and hold its locks: the server checks
        every second whether the client is still connected. The timeouts of a session that waits
        and of a whole transaction, which an administrator may have set for applications, are off.
        """
        return {**self.startup_parameters, "idle_session_timeout": "0", "transaction_timeout": "0"}

    @property
    def startup_parameters(self) -> dict[str, str]:
        """The parameters that every supported server has: the others it would refuse."""
        return {
            "lock_timeout": self.lock_timeout,
            "statement_timeout": self.statement_timeout,
            "idle_in_transaction_session_timeout": self.idle_in_transaction_session_timeout,
            "client_connection_check_interval": "1s",
        }


def refuse_misspelt_names(names: Iterable[str], others: Iterable[str]) -> None:
    """Refuse a variable whose name resembles that of a setting; the setting would not apply.

    The variables of other programs, such as MIGRATION_STRATEGY, resemble none.

    Raises:
        ValueError: There is one; the message suggests the setting.
    """
    known = [*(f"{PREFIX}{field.upper()}" for field in PARSERS), *others]
    for name in names:
        upper = name.upper()
        if name not in known and upper.startswith("MI"):
            rest = upper.removeprefix(PREFIX)
            same_prefix = [each.removeprefix(PREFIX) for each in known]
            if similar := difflib.get_close_matches(rest, same_prefix, 1, LIKE):
                setting = known[same_prefix.index(similar[0])]
            elif similar := difflib.get_close_matches(upper, known, 1, VERY_LIKE):
                setting = similar[0]
            else:
                continue
            raise ValueError(f"{name} is not a setting: did you mean {setting}?")


def parse_duration(text: str) -> float:
    """Return the seconds of a duration in PostgreSQL's notation; without a unit, milliseconds.

    Raises:
        ValueError: The text is not a duration.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?", text)
    if not match:
        raise ValueError("write a duration as PostgreSQL does, e.g. 500ms, 5s or 10min")
    return float(match[1]) * UNITS[match[2] or "ms"]


def _timeout(text: str) -> str:
    parse_duration(text)
    return text


def _bounded_timeout(text: str) -> str:
    if parse_duration(text) == 0:
        raise ValueError("0 would let other sessions queue behind a migration forever; e.g. 30s")
    return text


def _whole_seconds(text: str) -> int:
    seconds = round(parse_duration(text if not text.isdecimal() else f"{text}s"))
    if seconds < 1:
        raise ValueError("at least 1s")
    return seconds


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError("write a number of seconds, e.g. 60")
    return float(text)


def _application_name(text: str) -> str:
    if not text.isascii() or not text.isprintable() or not 0 < len(text) <= MAX_NAME_BYTES:
        raise ValueError(f"1 to {MAX_NAME_BYTES} printable ASCII characters")
    return text


def _folder(text: str) -> str:
    if not Path(text).is_absolute():
        raise ValueError("write the absolute path of a folder, e.g. /usr/lib/postgresql/18/bin")
    return text


PARSERS: dict[str, Callable[[str], object]] = {
    "lock_timeout": _bounded_timeout,
    "statement_timeout": _timeout,
    "idle_in_transaction_session_timeout": _timeout,
    "connect_timeout": _whole_seconds,
    "application_name": _application_name,
    "lock_wait": _seconds,
    "db_wait": _seconds,
    "git_commit": str,
    "shadow_bin": _folder,
}
