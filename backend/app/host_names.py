"""Names of hosts, as a `Host` header and the setting ALLOWED_HOSTS have them (RFC 3986, 3.2.2)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

LONGEST: Final = 253  # characters of a name (RFC 1035)
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
ANY: Final = "*"

_HOST: Final = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?))"
    r"(?::(?P<port>[0-9]{0,5}))?"
)
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


@dataclass(frozen=True, slots=True)
class HostName:
    """A host, and perhaps a port.

    Attributes:
        name: In lower case, without a final dot; an IPv6 address in its shortest form, without
            brackets.
        port: None if it is not given.
    """

    name: str
    port: int | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether the name means the machine itself, wherever it is looked up."""
        return self.name == "localhost" or is_loopback_address(self.name)


@dataclass(frozen=True, slots=True)
class HostPattern:
    """A host that is allowed: exactly, or with `*.` every name below it.

    Attributes:
        host: Without `*.`.
        is_wildcard: Whether the names below the host are meant, and not the host.
    """

    host: HostName
    is_wildcard: bool = False

    def matches(self, host: HostName) -> bool:
        """Whether a host is meant; a pattern without a port means every port."""
        if self.is_wildcard:
            is_name = host.name.endswith(f".{self.host.name}")
        else:
            is_name = host.name == self.host.name
        ports = {host.port} if host.port is not None else set(DEFAULT_PORTS.values())
        return is_name and (self.host.port is None or self.host.port in ports)


@lru_cache(512)
def parse_host(text: str) -> HostName | None:
    """Return the host of a `Host` header; None if it is malformed."""
    found = _HOST.fullmatch(text)
    if found is None:
        return None
    port = int(found["port"]) if found["port"] else None
    if port is not None and port > 2**16 - 1:
        return None
    try:
        if found["v6"]:
            return HostName(str(IPv6Address(found["v6"])), port)
        name = found["name"].lower().removesuffix(".")
        if _NUMBER.fullmatch(name.rpartition(".")[2]):  # browsers read it as an address, too
            name = str(IPv4Address(name))
    except AddressValueError:
        return None
    return HostName(name, port) if len(name) <= LONGEST else None


def parse_allowed(text: str) -> tuple[HostPattern, ...] | None:
    """Return the hosts of ALLOWED_HOSTS; None if any is allowed.

    Args:
        text: Names with commas between them, each perhaps with `*.` before it and a port after it.

    Raises:
        ValueError: One is no name of a host.
    """
    names = [each.strip() for each in text.split(",") if each.strip()]
    if not names or ANY in names:
        return None
    return tuple(_parse_pattern(each) for each in names)


def _parse_pattern(text: str) -> HostPattern:
    bare = text.removeprefix("*.")
    host = parse_host(f"[{bare}]" if bare.count(":") > 1 and "[" not in bare else bare)
    if host is None:
        raise ValueError(
            "one of them is no name of a host: write it such as api.example.com, *.example.com, "
            "api.example.com:8443 or [::1], without http:// and in ASCII"
        )
    return HostPattern(host, is_wildcard=bare != text)


def is_loopback_address(text: str) -> bool:
    """Whether an IP address is one of the machine itself: 127.0.0.0/8, ::1, ::ffff:127.0.0.1."""
    try:
        if ":" not in text:
            return IPv4Address(text).is_loopback
        address = IPv6Address(text)
    except AddressValueError:
        return False
    mapped = address.ipv4_mapped
    return address.is_loopback if mapped is None else mapped.is_loopback
