"""Exit with one line unless a TCP port of 127.0.0.1 is free: `require_free_port.py PORT`.

Other scripts name the target of the Makefile that they are for.
"""

import socket
import sys

MAX_PORT = 65535


def main(text: str, target: str = "run") -> str | None:
    """Return the reason why a target cannot use the port, or None."""
    if not text.isdecimal() or not 0 < int(text) <= MAX_PORT:
        return f"{target}: PORT is a number from 1 to {MAX_PORT}, not {text!r}"
    port = int(text)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
            server.listen()
        except OSError as error:
            reason = f"{target}: cannot serve on port {port}: {error.strerror}"
            return f"{reason}. Choose another: make {target} PORT={port % MAX_PORT + 1}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
