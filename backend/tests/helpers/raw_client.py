"""Clients that are slow, silent or wrong: bytes on a socket."""

import socket
import time
from contextlib import suppress

PATIENCE = 10.0  # seconds


def connect(port: int, sent: bytes = b"") -> socket.socket:
    """Connect, and send the beginning of something."""
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    client.sendall(sent)
    return client


def receive(client: socket.socket) -> bytes:
    """Return what comes until the server ends the connection."""
    parts = []
    with suppress(ConnectionResetError):
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def exchange(port: int, sent: bytes) -> bytes:
    """Send bytes, and return all that comes back."""
    with connect(port) as client:
        with suppress(ConnectionResetError, BrokenPipeError):
            client.sendall(sent)
        return receive(client)


def drip(client: socket.socket, sent: bytes, pause: float) -> float:
    """Send a byte at a time until the server ends the connection; return the seconds."""
    started = time.monotonic()
    client.settimeout(pause)
    for number in range(len(sent)):
        try:
            client.sendall(sent[number : number + 1])
            if not client.recv(65536):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - started


def status_of(answer: bytes) -> int:
    """Return the status of an answer; 0 without one."""
    return int(answer.split(None, 2)[1]) if answer else 0
