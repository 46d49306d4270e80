"""The process that serves: it binds, says where it is, serves, and ends within moments; the home of uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tools.core import hint, versions
from tools.core.context import Context
from tools.core.errors import SetupError
from tools.core.served.access import Gate, new_token
from tools.core.served.application import Service, application
from tools.core.served.edition import Reader
from tools.core.served.guard import PATIENCE
from tools.core.served.stream import Live


class Address(NamedTuple):
    """Where a server listens, its further names, and the file of its token."""

    host: str
    port: int
    names: tuple[str, ...] = ()
    token_file: str = ""


class Talk(NamedTuple):
    """Whom the server tells where it is, and of failures."""

    announce: Callable[[str, Gate], None]
    complain: Callable[[str], None]


def serve(context: Context, reader: Reader, address: Address, interval: float, talk: Talk) -> None:
    """Serves until SIGINT or SIGTERM; SetupError when the port is taken or the token's file is no secret."""
    listening = _bound(address)
    port = listening.getsockname()[1]
    gate = Gate(port, token_of(address.token_file) if address.token_file else new_token(), address.names)
    host = f"[{address.host}]" if ":" in address.host else address.host
    talk.announce(f"http://{host}:{port}/?token={gate.token}", gate)
    with listening:
        asyncio.run(_serve(context, reader, gate, interval, listening, talk))


async def _serve(
    context: Context, reader: Reader, gate: Gate, interval: float, listening: socket.socket, talk: Talk
) -> None:
    live = Live(context, reader, interval, talk.complain)
    service = Service(context, reader, live, versions.TOOLKIT)
    settings = uvicorn.Config(
        application(service, gate, talk.complain),
        http=_Impatient,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=int(PATIENCE),
        timeout_graceful_shutdown=1,
    )
    server = _Server(settings)
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.should_exit = True
        ending.append(asyncio.ensure_future(live.end()))

    ending: list[asyncio.Future[None]] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    await server.serve(sockets=[listening])


class _Server(uvicorn.Server):
    """uvicorn without its own signals: the streams must end before it waits for them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals to the loop."""
        yield


class _Impatient(H11Protocol):
    """A connection on which a request that has begun must be complete in time."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A line is open: its first request is due."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Something came: either a whole request's head, or the rest of it is due."""
        super().data_received(data)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is closed."""
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)

    def _expect(self) -> None:
        is_served = self.cycle is not None and not self.cycle.response_complete
        if is_served and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        elif not is_served and self._waiting is None:
            self._waiting = self.loop.call_later(PATIENCE, self._give_up)

    def _give_up(self) -> None:
        self._waiting = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def _bound(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=512)
    except OSError as problem:
        raise SetupError(
            f"cannot listen on {address.host} port {address.port}: {problem.strerror}",
            code="serve.port",
            hint=hint.tool("agent.serve", "--port", "0"),
        ) from problem


def token_of(path: str) -> str:
    """The token that a file keeps; it is made, for its owner's eyes alone, where there is none."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return _kept_token(path)
    except OSError as problem:
        raise SetupError(f"{path}: {problem.strerror}", code="serve.token_file") from problem
    token = new_token()
    with os.fdopen(descriptor, "w") as kept:
        kept.write(token + "\n")
    return token


def _kept_token(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as kept:
            mode = os.fstat(kept.fileno()).st_mode
            token = kept.read(1000).strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise SetupError(f"{path}: {problem}", code="serve.token_file") from problem
    if not stat.S_ISREG(mode) or mode & 0o077:
        raise SetupError(
            f"others may read the token in {path}", code="serve.token_file", hint=hint.program("chmod", "600", path)
        )
    if len(token) < 32 or not token.isascii() or not token.isprintable() or " " in token:
        raise SetupError(f"{path} holds no token", code="serve.token_file", hint=hint.program("rm", path))
    return token
