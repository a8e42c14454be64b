"""Refuse effects of a revision outside of its SQL, such as a file that it deletes.

Python reports such an effect to audit hooks before it happens (Python manual, "Audit events").
PostgreSQL's drivers connect in C and report nothing; therefore their `connect` is replaced.
"""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from sqlalchemy import Engine, event

WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
OPEN = "open"
REFUSED = (
    *("os.chdir", "os.chflags", "os.chmod", "os.chown", "os.link", "os.lockf", "os.mkdir"),
    *("os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate", "os.utime"),
    *("os.removexattr", "os.setxattr", "shutil.", "tempfile.", "sqlite3.connect"),
    *("os.exec", "os.fork", "os.forkpty", "os.kill", "os.killpg", "os.posix_spawn", "os.spawn"),
    *("os.startfile", "os.system", "pty.spawn", "signal.pthread_kill", "subprocess.Popen"),
    *("ftplib.", "http.client.", "imaplib.", "nntplib.", "poplib.", "smtplib.", "telnetlib."),
    *("socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.send"),
    *("syslog.", "urllib.", "webbrowser.", "winreg."),
)
DRIVERS = ("psycopg2", "psycopg")


class EffectError(Exception):
    """A revision has an effect outside of its SQL; the message names it.

    Attributes:
        frames: the calls that lead to it, also if the error is caught.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.frames = traceback.extract_stack()


class EffectGuard:
    """An audit hook, which can be switched off but never removed.

    Attributes:
        is_active: whether it refuses effects.
        refused: the effects since it was switched on.
    """

    def __init__(self) -> None:
        self.is_active = False
        self.refused: list[EffectError] = []

    def audit(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Refuse an effect; the arguments are those of the audit event."""
        if self.is_active and _has_effect(name, arguments):
            self.refuse(name, *arguments[:1])

    def refuse(self, name: str, *arguments: object) -> None:
        """Raise an error that names the call.

        Raises:
            EffectError: Always.
        """
        verb = "opens for writing" if name == OPEN else f"calls {name}"
        self.refused.append(EffectError(" ".join([verb, *map(repr, arguments)])))
        raise self.refused[-1]


@contextmanager
def without_effects() -> Iterator[EffectGuard]:
    """Refuse effects of this process until the block ends; reading is allowed.

    Yields:
        The guard, which keeps the refused effects, also those whose error was caught.
    """
    guard = _install_guard()
    guard.refused.clear()

    def refuse_connection(*_: object, **__: object) -> None:
        guard.refuse("connect")

    with ExitStack() as stack:
        stack.enter_context(replaced(sys, "dont_write_bytecode", value=True))
        for name in DRIVERS:
            if driver := sys.modules.get(name):
                stack.enter_context(replaced(driver, "connect", value=refuse_connection))
        event.listen(Engine, "do_connect", refuse_connection)
        stack.callback(event.remove, Engine, "do_connect", refuse_connection)
        guard.is_active = True
        try:
            yield guard
        finally:
            guard.is_active = False


@contextmanager
def effects_allowed() -> Iterator[None]:
    """Allow the effects of code that is not a revision's, such as the import of the models."""
    guard = _install_guard()
    was_active, guard.is_active = guard.is_active, False
    try:
        yield
    finally:
        guard.is_active = was_active


@contextmanager
def replaced(module: ModuleType, name: str, *, value: object) -> Iterator[None]:
    """Replace a name of a module until the block ends."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


@cache
def _install_guard() -> EffectGuard:
    guard = EffectGuard()
    sys.addaudithook(guard.audit)
    return guard


def _has_effect(name: str, arguments: tuple[Any, ...]) -> bool:
    if name != OPEN:
        return name.startswith(REFUSED)
    path, _, flags = arguments
    return bool(flags & WRITES) and path != os.devnull
