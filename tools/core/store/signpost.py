"""Where a bus is that is not in files: an address, and the signpost in the bus's own folder.

`_bus/store.json` is committed, so it never holds a user or a secret; those come from libpq's own places
(`PGUSER`, `PGPASSWORD`, `~/.pgpass`, service files, certificates, the peer of a socket). `TEOF_STORE`
overrules it; what it says is in `Workspace.store`.
"""

from __future__ import annotations

import json
import re

from tools.core import clock, hint, ids
from tools.core.clock import datetime, timedelta
from tools.core.errors import DataError, SetupError, UsageError
from tools.core.fs import files
from tools.core.plain import NamedTuple
from tools.core.problem import Problem
from tools.core.workspace import Workspace

FILES = "files"
"""What `TEOF_STORE` says, and where `bus_move` can go, besides an address."""

POSTGRESQL = "postgresql"
_VERSION = 1
_PROVEN = "verify-full"
_URL = re.compile(
    r"postgres(?:ql)?://(?:(?P<login>[^@/?#]*)@)?(?P<hosts>[^/?#]*)(?:/(?P<database>[^?#]*))?(?:\?(?P<options>[^#]*))?"
)
_SECRETS = re.compile(r"(?:^|&)(?:user|password|sslpassword|passfile|requirepass|options)=", re.IGNORECASE)
_LOOPBACK = re.compile(r"(?:localhost|127\.[0-9.]+|\[::1\]|/.*|%2f.*|)(?::\d+)?", re.IGNORECASE)


class Address(NamedTuple):
    """A server's database and the key of a bus in it."""

    url: str
    bus: str

    @property
    def shown(self) -> str:
        """Host and database, all that messages and receipts say of a server."""
        match = _URL.fullmatch(self.url)
        assert match is not None
        hosts = match["hosts"] or self._option("host") or "local socket"
        return f"{hosts}/{match['database'] or ''}"

    @property
    def plain_url(self) -> str:
        """The address in a command that is shown: without a login and a secret."""
        return f"postgresql://{self.shown}" if has_secret(self.url) else self.url

    @property
    def complete_url(self) -> str:
        """The address as it is connected to: a remote host that names no `sslmode` must prove who it is."""
        if self.is_local or self._option("sslmode"):
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}sslmode={_PROVEN}"

    @property
    def is_local(self) -> bool:
        """Whether the server is reached without leaving this machine."""
        match = _URL.fullmatch(self.url)
        assert match is not None
        hosts = (match["hosts"] or self._option("host")).split(",")
        return all(_LOOPBACK.fullmatch(host) for host in hosts)

    @property
    def sslmode(self) -> str:
        """How far the server must prove who it is; "" where the driver's own default stands."""
        return self._option("sslmode") or ("" if self.is_local else _PROVEN)

    def _option(self, name: str) -> str:
        match = _URL.fullmatch(self.url)
        assert match is not None
        return _option(match["options"], name)


class Signpost(NamedTuple):
    """What `_bus/store.json` says; `token` proves to a bus that its move came to an end."""

    address: Address
    name: str
    since: str
    token: str


def parse_address(text: str, bus: str = "") -> Address:
    """The address in `postgresql://host/database#bus`; UsageError when it is none."""
    url, _, named = text.partition("#")
    if not _URL.fullmatch(url):
        raise UsageError(
            f"{redacted(text)!r} is not an address of a server: postgresql://host/database#bus", code="store.address"
        )
    key = bus or named or "bus"
    if not ids.is_task(key):
        raise UsageError(
            f"{key!r} cannot name a bus: letters, digits, and single . _ - between them", code="store.address"
        )
    return Address(url, key)


def has_secret(url: str) -> bool:
    """Whether an address names a user or carries a secret, so that it may not be committed."""
    match = _URL.fullmatch(url)
    return match is not None and (match["login"] is not None or bool(_SECRETS.search(match["options"] or "")))


def refuse_secret(address: Address) -> None:
    """Refuses an address that may not stand in a committed file."""
    if has_secret(address.url):
        raise UsageError(
            f"an address that is committed names no user and no password: postgresql://{address.shown};"
            " set PGUSER, and keep the password in ~/.pgpass",
            code="store.secret",
        )


def redacted(text: str) -> str:
    """A text that may be an address, without what stands before the host and behind the question mark."""
    return re.sub(r"\?.*", "?…", re.sub(r"//[^@/]*@", "//…@", text))


def read(workspace: Workspace) -> Signpost | None:
    """The signpost to a server; None where the bus is in files. DataError when it says nothing that can be followed."""
    place = workspace.signpost
    data = files.read_bytes(place)
    return None if data is None else parse(data, place.name)


def address_of(workspace: Workspace) -> Address | None:
    """The server that a workspace's bus is on, by `TEOF_STORE` or its signpost; None for a bus in files."""
    if workspace.store:
        return None if workspace.store == FILES else parse_address(workspace.store)
    mark = read(workspace)
    return mark.address if mark else None


def parse(data: bytes, name: str) -> Signpost | None:
    """What a signpost says, None for files; DataError with its name when it says nothing that can be followed."""
    content = files.parse_object(data, name)
    texts = {key: value for key, value in content.items() if isinstance(value, str)}
    if texts.get("store") == FILES:
        return None
    problem = Problem(name, 1, "it names no server that this toolkit can reach", "file.json")
    if texts.get("store") != POSTGRESQL or content.get("version") != _VERSION:
        raise DataError(problem, hint=hint.git("log", "-p", "--", name))
    try:
        address = parse_address(texts.get("url", ""), texts.get("bus", ""))
    except UsageError as error:
        raise DataError(problem._replace(reason=error.message), hint=hint.git("log", "-p", "--", name)) from error
    return Signpost(address, texts.get("name", ""), texts.get("since", ""), texts.get("token", ""))


def spelled(signpost: Signpost) -> bytes:
    """A signpost as it is written."""
    document = {
        "store": POSTGRESQL,
        "url": signpost.address.url,
        "bus": signpost.address.bus,
        "name": signpost.name,
        "since": signpost.since,
        "token": signpost.token,
        "version": _VERSION,
    }
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def spelled_files(since: str) -> bytes:
    """The signpost of a bus that came back to files."""
    return (json.dumps({"store": FILES, "since": since, "version": _VERSION}, indent=2, sort_keys=True) + "\n").encode()


def since(data: bytes | None) -> str:
    """Since when a signpost has stood, as text that sorts; "" where there is none or none that can be read."""
    try:
        content = files.parse_object(data or b"", "")
    except DataError:
        return ""
    stamp = content.get("since")
    return stamp if isinstance(stamp, str) else ""


def stamp_after_present(workspace: Workspace, now: datetime) -> str:
    """The `since` of a signpost that replaces the one here: later than that, whatever the clock says.

    Clones follow the later of two signposts, and a stamp has whole seconds.
    """
    present = clock.parse(since(files.read_bytes(workspace.signpost)))
    return clock.to_text(now if present is None else max(now, present + timedelta(seconds=1)))


def refuse_moved(workspace: Workspace) -> None:
    """Refuses a write to files of a bus that moved to a server: two halves of a bus are worse than none."""
    signpost = read(workspace)
    if signpost is not None:
        raise SetupError(
            f"the bus moved to postgresql://{signpost.address.shown} ({signpost.since}): its files are not written any more",
            code="bus.moved",
            hint=hint.tool("maintenance.bus_server", "check"),
        )


def _option(options: str | None, name: str) -> str:
    match = re.search(rf"(?:^|&){name}=([^&]*)", options or "")
    return match[1].replace("%2F", "/").replace("%2f", "/") if match else ""
