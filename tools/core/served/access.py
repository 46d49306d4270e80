"""Who may read a page that is served, and the headers of every answer; pure.

Other users of the machine reach its loopback too, so reading needs a token. The check of Host is what
stops a web page that gives its own name the address 127.0.0.1: to the browser such a page is of the same
origin, and it sends no Origin with a GET.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
HEADERS = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
)
"""What every answer carries, refusals included."""


class Gate(NamedTuple):
    """What a server lets in."""

    port: int
    token: str
    names: tuple[str, ...] = ()  # further names of the host

    @property
    def cookie(self) -> str:
        """The name of the cookie; the port keeps two servers of one machine apart."""
        return f"board-{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """Every Host that is this server's."""
        own = {f"{name}:{self.port}" for name in (*LOOPBACK, *self.names)} | set(self.names)
        return frozenset(own | (set(LOOPBACK) if self.port == 80 else set()))

    @property
    def origins(self) -> frozenset[str]:
        """Every Origin that is this server's; behind another name it may be reached through TLS."""
        plain = {f"http://{host}" for host in self.hosts}
        return frozenset(plain | {f"https://{host}" for host in self.hosts if not host.startswith(LOOPBACK)})

    def knows_host(self, host: str) -> bool:
        """Whether a request names this server as its host."""
        return host.lower() in self.hosts

    def owns_origin(self, origin: str) -> bool:
        """Whether a request comes from a page of this server."""
        return origin.lower() in self.origins

    def accepts(self, token: str) -> bool:
        """Whether a token is the right one, in a time that does not tell how much of it is."""
        return secrets.compare_digest(token.encode("utf-8", "backslashreplace"), self.token.encode())

    def token_in_cookie(self, header: str) -> str:
        """The token a Cookie header carries for this server, "" for none."""
        try:
            jar = SimpleCookie(header)
        except CookieError:
            return ""
        return jar[self.cookie].value if self.cookie in jar else ""


def new_token() -> str:
    """256 random bits as text that may stand in an address."""
    return secrets.token_urlsafe(32)


def bearer(header: str) -> str:
    """The token of an Authorization header, "" for none."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def is_plain_path(path: str) -> bool:
    """Whether a path, decoded once, is one a place can have: no step upwards, no empty part, no hidden character."""
    return path.startswith("/") and "//" not in path and ".." not in path.split("/") and path.isprintable()


def is_loopback(host: str, names: Collection[str] = ("localhost",)) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in names
