#!/usr/bin/env python3
"""Serve the board as a live page: for who has the token, on this machine."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tools.core import hint
from tools.core.board.model import View
from tools.core.cli import app as cli
from tools.core.errors import GuardError, SetupError, ToolkitError, UsageError

if TYPE_CHECKING:
    from tools.core.served.access import Gate


@cli.command(doc=__doc__, writes=True)
@cli.option("--port", type=cli.IntRange(0, 65535), default=8137, show_default=True, help="0 takes any free one.")
@cli.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@cli.option("--allow-actions", is_flag=True, help="Let the page act, from this seat and with every guard.")
@cli.option("--token-file", help="Keep the token in this file, so that it stays the same.")
@cli.repeated("--host-name", help="A further name of the server; needed to listen beyond this machine.")
@cli.option("--interval", type=cli.SECONDS, default="0.25s", show_default=True, help="Between two looks at the bus.")
@cli.option("--open", "open_browser", is_flag=True, help="Show it in a browser.")
def main(
    run: cli.Run,
    *,
    port: int,
    host: str,
    allow_actions: bool,
    token_file: str | None,
    host_name: tuple[str, ...],
    interval: float,
    open_browser: bool,
) -> None:
    acting = _acting(run) if allow_actions else ""
    _require_extra()
    from tools.core.served import access, edition, server  # a server is for this command alone

    if not access.is_loopback(host) and not host_name:
        raise UsageError(
            f"{host} is reached by other machines: name it with --host-name",
            code="serve.host",
            hint=hint.tool("agent.serve", "--host", host, "--host-name", hint.WORDS),
        )

    def announce(url: str, gate: Gate) -> None:
        document = {"url": url, "port": gate.port, "token": gate.token, "actions": bool(acting), "pid": os.getpid()}
        run.emit_line(document, url)
        if open_browser:
            import webbrowser

            webbrowser.open(url)

    reader = edition.Reader(View(), acting or run.manager, acting)
    address = server.Address(host, port, host_name, token_file or "")
    server.serve(run, reader, address, interval, server.Talk(announce, run.note))


def _acting(run: cli.Run) -> str:
    """The seat the page acts from."""
    try:
        return run.seat.agent_id
    except ToolkitError as problem:
        raise GuardError(
            f"a page that acts needs a seat: {problem.message}", code="serve.seat", hint=problem.hint
        ) from problem


def _require_extra() -> None:
    for name in ("starlette", "uvicorn"):
        if find_spec(name) is None:
            raise SetupError(
                f"the live page needs the package {name}",
                code="serve.extra",
                hint=hint.program("pip", "install", "teof-parallel-agents[web]"),
            )


if __name__ == "__main__":
    cli.main(main)
