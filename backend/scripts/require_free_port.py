"""Exit with one line unless a TCP port of 127.0.0.1 is free: `require_free_port.py PORT`."""

import socket
import sys

MAX_PORT = 65535


def main(text: str) -> str | None:
    """Return the reason why the port cannot be used, or None."""
    if not text.isdecimal() or not 0 < int(text) <= MAX_PORT:
        return f"run: PORT is a number from 1 to {MAX_PORT}, not {text!r}"
    port = int(text)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
            server.listen()
        except OSError as error:
            another = f"make run PORT={port % MAX_PORT + 1}"
            return f"run: cannot serve on port {port}: {error.strerror}. Choose another: {another}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
