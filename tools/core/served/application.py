"""The places of the live board; the home of starlette."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tools.core import hint, ids
from tools.core.board import forms
from tools.core.board.page import html
from tools.core.context import Context
from tools.core.errors import GuardError, ToolkitError, UsageError
from tools.core.served import actions, metrics, tasks
from tools.core.served.access import Gate
from tools.core.served.edition import Edition, Reader
from tools.core.served.guard import Application, Guard, Refusal
from tools.core.served.stream import Events, Live

_STATUS = {2: 400, 3: 403, 4: 409, 5: 503, 6: 500, 7: 503}
_ASSETS = {"board.css": "text/css", "board.js": "text/javascript", "live.js": "text/javascript"}


class Service(NamedTuple):
    """What a server serves: the live board, from which seat it acts ("" for none), its version."""

    context: Context
    reader: Reader
    live: Live
    version: str


def application(service: Service, gate: Gate, complain: Callable[[str], None]) -> Application:
    """The application behind its guard."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        looking = asyncio.ensure_future(service.live.run())
        yield
        await service.live.end()
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking

    inner = Starlette(routes=routes_of(service), lifespan=lifespan, exception_handlers={Refusal: _refused})
    return Guard(inner, gate, complain)


def routes_of(service: Service) -> list[Route]:
    """Every place there is."""
    places = _Places(service)
    return [
        Route("/", places.board),
        *(Route(f"/{name}", places.asset, name=name) for name in _ASSETS),
        Route("/task/{name}", places.task),
        Route("/thread/{name}", places.thread),
        Route("/search", places.search),
        Route("/board.json", places.document),
        Route("/part/{name}", places.part),
        Route("/events", Events(service.live)),
        Route("/healthz", places.health),
        Route("/metrics", places.metrics),
        Route("/do/{verb}", places.do, methods=["POST"]),
    ]


class _Places:
    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def _edition(self) -> Edition:
        edition = self._service.live.edition
        if edition is None:
            raise Refusal(503, "There is no board yet; ask again in a moment.")
        return edition

    async def board(self, request: Request) -> Response:
        """The page."""
        text = html.live_document(self._edition.view, acting=self._service.reader.acting)
        return _html(text)

    async def part(self, request: Request) -> Response:
        """One section."""
        name = request.path_params["name"]
        if name not in self._edition.parts:
            raise Refusal(404, "There is no such section.")
        return _html(self._edition.parts[name])

    async def asset(self, request: Request) -> Response:
        """The style sheet or a script."""
        name = request.url.path.removeprefix("/")
        return Response(html.asset(name), media_type=_ASSETS[name])

    async def task(self, request: Request) -> Response:
        """The page of a task."""
        view = self._edition.view
        made = tasks.task_of(self._now(), _name_in(request), view)
        if made is None:
            raise Refusal(404, "Nothing is recorded of this task.")
        return self._place("task", task=made[0], thread=made[1])

    async def thread(self, request: Request) -> Response:
        """The messages of a thread."""
        made = tasks.thread_of(self._now(), _name_in(request), self._edition.view)
        if not made.rows:
            raise Refusal(404, "This thread has no messages.")
        return self._place("thread", thread=made)

    async def search(self, request: Request) -> Response:
        """What bus_search finds."""
        query = request.query_params.get("q", "")[:400]
        return self._place("search", query=query, hits=tasks.hits(self._now(), query))

    async def document(self, request: Request) -> Response:
        """The board as `report --format json` writes it."""
        return Response(forms.json_text(self._edition.view.board), media_type="application/json")

    async def health(self, request: Request) -> Response:
        """Whether the board can be trusted; no data of the bus."""
        health = self._service.live.health()
        body = {"ok": True} if health.ok else {"ok": False, "why": health.why}
        return JSONResponse(body, 200 if health.ok else 503)

    async def metrics(self, request: Request) -> Response:
        """The board as Prometheus text."""
        live = self._service.live
        edition = live.edition
        process = metrics.Process(self._service.version, edition.seconds if edition else 0.0, live.watchers)
        text = metrics.document(edition.view if edition else None, process)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def do(self, request: Request) -> Response:
        """Acts from the server's seat."""
        try:
            self._require_actions()
            body = await self._body(request)
            done = actions.perform(self._now(), request.path_params["verb"], body)
        except ToolkitError as problem:
            return JSONResponse({"error": self._error(problem)}, _STATUS.get(problem.exit_code, 500))
        self._service.live.nudge()
        return JSONResponse({"records": done.records, "command": done.command})

    def _require_actions(self) -> None:
        if not self._service.reader.acting:
            raise GuardError(
                "this server only shows", code="serve.read_only", hint=hint.tool("agent.serve", "--allow-actions")
            )

    async def _body(self, request: Request) -> object:
        if request.scope["by_cookie"] and "origin" not in request.headers:
            raise Refusal(403, "A browser that acts says from where.")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "An action is sent as application/json.")
        try:
            return json.loads(await request.body())
        except ValueError as problem:
            raise UsageError(f"the body is not JSON: {problem}", code="serve.body") from problem

    def _error(self, problem: ToolkitError) -> dict[str, object]:
        return {
            "code": problem.code,
            "kind": problem.kind,
            "message": problem.message,
            "hint": self._service.context.spell(problem.hint),
            "details": problem.details,
            "exit_code": problem.exit_code,
        }

    def _now(self) -> Context:
        now = self._service.context.at_present()
        now.store.history.refresh()
        if self._service.reader.acting:
            now.seat = self._service.context.seat
        return now

    def _place(self, name: str, **more: object) -> Response:
        return _html(html.place(name, self._edition.view, acting=self._service.reader.acting, **more))


async def _refused(request: Request, problem: Exception) -> Response:
    status = problem.status if isinstance(problem, Refusal) else 500
    return Response(f"{problem}\n", status, media_type="text/plain; charset=utf-8")


def _name_in(request: Request) -> str:
    name = str(request.path_params["name"])
    if not ids.is_task(name):
        raise Refusal(404, "There is no such place.")
    return name


def _html(text: str) -> Response:
    return Response(text.encode("utf-8", "backslashreplace"), media_type="text/html; charset=utf-8")
