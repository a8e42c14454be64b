"""Two network namespaces that a virtual cable joins, which a test cuts (Linux, as root)."""

import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from alembic_zero_downtime.embedded.binaries import find_program
from support.servers import system_server

CLIENT_ADDRESS, SERVER_ADDRESS = "10.99.0.1", "10.99.0.2"
DEVICE = "cable"  # the name of either end
IN_A_NEW_ONE = ("unshare", "--net")


def _can_make_namespaces() -> bool:
    """Whether this process may create network namespaces, and has the programs for it."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nsenter", "unshare"))):
        return False
    done = subprocess.run([*IN_A_NEW_ONE, "true"], check=False, capture_output=True)
    return done.returncode == 0


HAS_NAMESPACES = _can_make_namespaces()
MISSING = "network namespaces need Linux, root and iproute2"


@dataclass(frozen=True)
class Cable:
    """The cable, and the namespace at either end, as a file."""

    client: Path
    server: Path

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Let no packet through during the block; both ends keep their connections."""
        self._set("down")
        try:
            yield
        finally:
            self._set("up")

    def _set(self, state: str) -> None:
        _call(*within(self.server), "ip", "link", "set", DEVICE, state)


@contextmanager
def server_behind_a_cable() -> Iterator[tuple[URL, Cable]]:
    """Start a server at one end; yield the local address of its database `postgres`."""
    with joined_namespaces() as cable:
        programs = find_program("initdb").parent
        rule = f"host all all {CLIENT_ADDRESS}/32 trust\n"
        options = [f"listen_addresses={SERVER_ADDRESS}"]
        with system_server(programs, *options, rule=rule, prefix=within(cable.server)) as url:
            yield url, cable


def through_the_cable(local: URL, seconds: int) -> URL:
    """Return the address at the client's end, with a bound of `seconds` for either end."""
    tcp = {
        "keepalives_idle": "1",
        "keepalives_interval": "1",
        "keepalives_count": str(seconds),
        "tcp_user_timeout": str(1000 * seconds),
        "connect_timeout": "2",
    }
    return local.set(host=SERVER_ADDRESS, port=5432, query=tcp)


@contextmanager
def joined_namespaces() -> Iterator[Cable]:
    """Create two namespaces and the cable; they end with the block."""
    with _namespace() as client, _namespace() as server:
        peer = ("peer", "name", DEVICE, "netns", server.parts[2])
        _call(*within(client), "ip", "link", "add", DEVICE, "type", "veth", *peer)
        for namespace, address in ((client, CLIENT_ADDRESS), (server, SERVER_ADDRESS)):
            _call(*within(namespace), "ip", "address", "add", f"{address}/24", "dev", DEVICE)
            _call(*within(namespace), "ip", "link", "set", DEVICE, "up")
        yield Cable(client, server)


@contextmanager
def _namespace() -> Iterator[Path]:
    """Create a namespace, which a process keeps."""
    own = Path("/proc/self/ns/net").readlink()
    with subprocess.Popen([*IN_A_NEW_ONE, "sleep", "infinity"]) as keeper:
        try:
            namespace = Path(f"/proc/{keeper.pid}/ns/net")
            while namespace.readlink() == own:
                time.sleep(0.005)
            yield namespace
        finally:
            keeper.kill()


def within(namespace: Path) -> list[str]:
    """Return the beginning of a command that runs in a namespace."""
    return ["nsenter", f"--net={namespace}"]


def enter(namespace: Path) -> None:
    """Move this process, which must have one thread, to a namespace (setns(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    with namespace.open("rb") as file:
        if libc.setns(file.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def _call(*command: str) -> None:
    subprocess.run(command, check=True)
