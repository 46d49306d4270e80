"""The layer around the application: nothing reaches it that may not, and nothing waits forever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tools.core.served.access import HEADERS, Gate, bearer, is_plain_path

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 64 * 1024
PATIENCE = 10.0
"""Seconds within which a request that has begun must be complete."""

OPEN_PATHS = ("/healthz",)
"""What needs no token; the host is checked all the same."""


class Refusal(Exception):
    """A request that is answered with a status and a sentence."""

    def __init__(self, status: int, sentence: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, tuple(headers)


class Guard:
    """Checks each request before the application sees it, and adds the headers to each answer."""

    def __init__(self, application: Application, gate: Gate, complain: Callable[[str], None]) -> None:
        self._application = application
        self._gate = gate
        self._complain = complain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", []), *_encoded(HEADERS)]
            await send(message)

        try:
            scope["by_cookie"] = self._admit(scope)
            await self._application(scope, _limited(receive), sending)
        except Refusal as refusal:
            if not started:
                await _answer(sending, refusal)
        except Exception as problem:
            self._complain(f"{scope['method']} {scope['path']}: {type(problem).__name__}: {problem}")
            if not started:
                await _answer(sending, Refusal(500, "The board could not be shown."))

    def _admit(self, scope: Scope) -> bool:
        """Raises Refusal for a request that may not pass; whether who may came by cookie."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._gate.knows_host(headers.get("host", "")):
            raise Refusal(403, "This server does not go by that name.")
        if "origin" in headers and not self._gate.owns_origin(headers["origin"]):
            raise Refusal(403, "Another site may not ask this server.")
        if scope["method"] == "OPTIONS":
            raise Refusal(405, "OPTIONS is not answered.", [("allow", "GET, HEAD, POST")])
        if scope["path"] in OPEN_PATHS:
            return False
        by_cookie = self._check_token(scope, headers)
        if not is_plain_path(scope["path"]):
            raise Refusal(404, "There is no such place.")
        if headers.get("content-length", "0").isdigit() and int(headers.get("content-length", "0")) > MAX_BODY:
            raise Refusal(413, f"A request holds at most {MAX_BODY} bytes.")
        return by_cookie

    def _check_token(self, scope: Scope, headers: MutableMapping[str, str]) -> bool:
        if (token := bearer(headers.get("authorization", ""))) and self._gate.accepts(token):
            return False
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        tokens = [value for name, value in query if name == "token"]
        if tokens and scope["method"] == "GET" and self._gate.accepts(tokens[0]):
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            place = scope["path"] if is_plain_path(scope["path"]) else "/"
            cookie = f"{self._gate.cookie}={self._gate.token}; HttpOnly; SameSite=Lax; Path=/"
            headers_of = [("location", f"{place}?{rest}" if rest else place), ("set-cookie", cookie)]
            raise Refusal(303, "The token is kept; the address goes without it.", headers_of)
        if self._gate.accepts(self._gate.token_in_cookie(headers.get("cookie", ""))):
            return True
        raise Refusal(401, "This needs the token that the server printed when it started.")


def _limited(receive: Receive) -> Receive:
    """Receives a body of bounded size in bounded time."""
    size = 0
    is_complete = False

    async def limited() -> Message:
        nonlocal size, is_complete
        if is_complete:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), PATIENCE)
        except TimeoutError:
            raise Refusal(408, "The request was not completed in time.", [("connection", "close")]) from None
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise Refusal(413, f"A request holds at most {MAX_BODY} bytes.", [("connection", "close")])
        is_complete = not message.get("more_body", False)
        return message

    return limited


def _encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]


async def _answer(send: Send, refusal: Refusal) -> None:
    body = f"{refusal.sentence}\n".encode()
    headers = [("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(body))), *refusal.headers]
    await send({"type": "http.response.start", "status": refusal.status, "headers": _encoded(headers)})
    await send({"type": "http.response.body", "body": body})
