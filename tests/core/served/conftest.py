"""A board that is served without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra [web] is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")

from starlette.testclient import TestClient

from tools.core.board.model import View
from tools.core.context import Context
from tools.core.models.manifest import Manifest
from tools.core.seats.seat import Seat
from tools.core.served.access import Gate
from tools.core.served.application import Service, application
from tools.core.served.edition import Reader
from tools.core.served.stream import Live
from tools.core.workspace import Workspace

TOKEN = "a-token-of-at-least-thirty-two-characters"
PORT = 8137
BEARER = {"authorization": f"Bearer {TOKEN}"}
OWN = f"http://127.0.0.1:{PORT}"


@pytest.fixture
def serving(workspace: Workspace) -> Iterator[Callable[..., Any]]:
    """Serves the bus of `workspace`: `serving(acting="boss", role="manager")`; its `complaints` are what went wrong."""
    opened = []

    def serve(acting: str = "", role: str = "manager", gate: Gate | None = None) -> SimpleNamespace:
        complaints: list[str] = []
        roles = (role,) if role else ()
        seat = Seat(acting, Manifest(agent_id=acting, desired_roles=roles)) if acting else None
        context = Context(workspace, seat=seat)
        reader = Reader(View(), acting if role == "manager" else "", acting)
        live = Live(context, reader, 0.05, complaints.append)
        service = Service(context, reader, live, "1.2.3")
        app = application(service, gate or Gate(PORT, TOKEN), complaints.append)
        client = TestClient(app, base_url=OWN, follow_redirects=False, raise_server_exceptions=False)
        client.__enter__()
        opened.append(client)
        while live.edition is None:
            pass
        return SimpleNamespace(client=client, live=live, complaints=complaints)

    yield serve
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def folder(git_repo: Path) -> Path:
    """The repository that is served."""
    return git_repo


@pytest.fixture
def by(run: Callable[..., Any], seat: Callable[..., Path]) -> Callable[..., Any]:
    """Runs a command from a seat, and gives the checkout back to the manager: `by("codex-1", "agent.bus_claim", …)`."""

    def act(agent: str, *words: str) -> Any:
        seat(agent)
        done = run(*words)
        seat("boss", roles=["manager"])
        return done

    return act
