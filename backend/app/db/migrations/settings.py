"""What may be set about a run of migrations: the MIGRATION_* variables."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST_NAME = 63  # bytes of an application_name (PostgreSQL manual, "Error Reporting and Logging")


@dataclass(frozen=True)
class MigrationSettings:
    """How a run waits, and for how long.

    Attributes:
        lock_timeout: how long a statement may queue for a lock, as PostgreSQL writes it.
        statement_timeout: how long a statement may run; `0` for as long as it takes.
        idle_in_transaction_session_timeout: how long a revision may compute between statements.
        connect_timeout: for one attempt to connect, in whole seconds.
        application_name: what other sessions see in `pg_stat_activity`.
        lock_wait: for another process that is migrating, in seconds; 0 fails at once.
        db_wait: for a server that does not answer yet, in seconds.
        git_commit: the code's commit, where there is no git to ask.
        allow_data_loss: whether a downgrade may destroy rows without asking.
    """

    lock_timeout: str = "5s"
    statement_timeout: str = "0"
    idle_in_transaction_session_timeout: str = "10min"
    connect_timeout: int = 10
    application_name: str = "alembic"
    lock_wait: float = 600.0
    db_wait: float = 0.0
    git_commit: str | None = None
    allow_data_loss: bool = False

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Return the settings of `variables`, which may hold anything else too.

        Raises:
            ValueError: A value is wrong; the message names the variable.
        """
        values: dict[str, object] = {}
        for field, parse in PARSERS.items():
            name = f"MIGRATION_{field.upper()}"
            if name in variables:
                try:
                    values[field] = parse(variables[name].strip())
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
        answer = variables.get("ALLOW_DATA_LOSS", "0")
        if answer not in ("0", "1", ""):
            raise ValueError("ALLOW_DATA_LOSS: 1 to lose data without a question, or nothing")
        return cls(**values, allow_data_loss=answer == "1")  # type: ignore[arg-type]

    @property
    def server_parameters(self) -> dict[str, str]:
        """The parameters of every session that migrates.

        A process that is killed must not leave a statement running and holding locks: the server
        looks each second whether its client is still there.
        """
        return {
            "lock_timeout": self.lock_timeout,
            "statement_timeout": self.statement_timeout,
            "idle_in_transaction_session_timeout": self.idle_in_transaction_session_timeout,
            "client_connection_check_interval": "1s",
        }


def duration(text: str) -> float:
    """Return the seconds of a duration as PostgreSQL writes it; without a unit, milliseconds.

    Raises:
        ValueError: It is no such duration.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?", text)
    if not match:
        raise ValueError("write a duration as PostgreSQL does, e.g. 500ms, 5s or 10min")
    return float(match[1]) * UNITS[match[2] or "ms"]


def _timeout(text: str) -> str:
    duration(text)
    return text


def _bounded_timeout(text: str) -> str:
    if duration(text) == 0:
        raise ValueError("0 would let everybody queue behind a migration without end; e.g. 30s")
    return text


def _whole_seconds(text: str) -> int:
    seconds = round(duration(text if not text.isdecimal() else f"{text}s"))
    if seconds < 1:
        raise ValueError("at least 1s")
    return seconds


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError("write a number of seconds, e.g. 60")
    return float(text)


def _application_name(text: str) -> str:
    if not text.isascii() or not text.isprintable() or not 0 < len(text) <= LONGEST_NAME:
        raise ValueError(f"1 to {LONGEST_NAME} printable ASCII characters")
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
}
