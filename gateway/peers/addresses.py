"""Which addresses of the network a request may go to: public ones, under the name that was asked for.

The guard against being sent to our own network (server-side request forgery).
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# Dotted names only, whose last label is no number: so no decimal, octal or hexadecimal spelling of an address.
_NAME = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)+(?!\d+\Z)(?!0x){_LABEL}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# IPv6 forms that carry an IPv4 address in them could lead back inside.
_CARRIERS = ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
_CARRYING = tuple(IPv6Network(net) for net in _CARRIERS)


class NotAllowed(Exception):
    """The URL or where it leads is not allowed; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL: whom to connect to is decided by `resolve`, not by whoever connects."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        default = {"https": 443, "http": 80}[self.scheme]
        return f"{self.scheme}://{name}" + ("" if self.port == default else f":{self.port}")

    @property
    def is_loopback(self) -> bool:
        return self.host in _LOOPBACK


def target_of(url: str, *, ports: frozenset[int], allow_loopback: bool) -> Target:
    """Take a URL apart. Raises NotAllowed unless it is https to a public-looking name and an allowed port.

    With `allow_loopback` (development), http and any port are taken as well, to this machine only.
    """
    if not url.isascii() or re.search(r"[\s\\\x00-\x1f\x7f]", url):
        raise NotAllowed("url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("url") from None
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or "@" in parts.netloc or parts.fragment:
        raise NotAllowed("url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.scheme, host, port or {"https": 443, "http": 80}[parts.scheme], path)
    if allow_loopback and target.is_loopback:
        return target
    if target.scheme != "https" or target.port not in ports or not _NAME.fullmatch(host):
        raise NotAllowed("url")
    return target


def addresses_of(target: Target, resolve: Resolve) -> list[str]:
    """Where the name leads now; every address must be fit to connect to. Raises NotAllowed."""
    try:
        found = [ip_address(text.partition("%")[0]) for text in resolve(target.host, target.port)]
    except (OSError, ValueError):
        raise NotAllowed("unresolved") from None
    fit = all(one.is_loopback for one in found) if target.is_loopback else all(is_public(one) for one in found)
    if not found or not fit:
        raise NotAllowed("address")
    return [str(address) for address in found]


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, in whatever form it is written."""
    if isinstance(address, IPv6Address) and (address.is_site_local or any(address in net for net in _CARRYING)):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def system_resolve(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
