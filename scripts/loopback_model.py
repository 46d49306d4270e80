"""A model on the loopback that follows a script: the protocols that agents' programs speak, no intelligence.

Each turn is a tool call or a text. The last turn is repeated when a program asks again, so that a reminder at its
end can be seen. Every request body is kept.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Turn(NamedTuple):
    """What the model does next: calls a tool, or says something and ends its turn; `before` runs first."""

    tool: str = ""
    arguments: Any = None
    text: str = ""
    before: Callable[[], None] | None = None


class Model:
    """The server; `requests` are the bodies of the main conversation in order, `other` those of side questions."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = list(turns)
        self._next = 0
        self._lock = threading.Lock()
        self.requests: list[dict[str, Any]] = []
        self.other: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self._server = _Server(("127.0.0.1", 0), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()

    def seen(self, text: str, since: int = 0) -> bool:
        """Whether a text stood in a request of the main conversation."""
        return any(text in json.dumps(body, ensure_ascii=False) for body in self.requests[since:])

    def answer(self, path: str, request: dict[str, Any]) -> tuple[bytes, str]:
        """The bytes of one answer and their kind."""
        if "count_tokens" in path or "countTokens" in path:
            return json.dumps({"input_tokens": 10, "totalTokens": 10}).encode(), "application/json"
        is_main = bool(request.get("tools")) or _has_tools(request.get("input"))
        if not is_main:
            self.other.append(request)
        turn = self._take(request) if is_main else Turn(text="ok")
        if path.endswith("/responses"):
            return _responses(turn), "text/event-stream"
        if "/messages" in path:
            return _messages(turn, stream=bool(request.get("stream")))
        if "GenerateContent" in path or "generateContent" in path:
            return _gemini(turn, stream="stream" in path)
        if path.endswith("/chat/completions"):
            return _chat(turn, stream=bool(request.get("stream")))
        return b"{}", "application/json"

    def _take(self, request: dict[str, Any]) -> Turn:
        with self._lock:
            self.requests.append(request)
            turn = self._turns[min(self._next, len(self._turns) - 1)]
            self._next += 1
        if turn.before is not None:
            turn.before()
        return turn


class _Server(ThreadingHTTPServer):
    """Listens for one model."""

    def __init__(self, address: tuple[str, int], model: Model) -> None:
        super().__init__(address, _Handler)
        self.model = model


class _Handler(BaseHTTPRequestHandler):
    """One connection of a program."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        """A list of models."""
        self.server.model.paths.append(f"GET {self.path}")
        names = [{"id": "mock", "object": "model", "name": "mock", "slug": "mock", "display_name": "mock"}]
        self._send(json.dumps({"data": names, "object": "list", "models": []}).encode(), "application/json")

    def do_POST(self) -> None:
        """A question to the model."""
        model = self.server.model
        is_chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        length = int(self.headers.get("content-length") or 0)
        body = self._chunked() if is_chunked else self.rfile.read(length)
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            request = {}
        model.paths.append(f"POST {self.path}")
        try:
            data, kind = model.answer(self.path, request)
        except Exception as problem:
            model.paths.append(f"ERROR {problem!r}")
            raise
        self._send(data, kind)

    def _chunked(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _has_tools(given: Any) -> bool:
    """Whether the tools come as an item of the input, as newer models take them."""
    return isinstance(given, list) and any(
        part.get("type") == "additional_tools" for part in given if isinstance(part, dict)
    )


def _events(rows: Sequence[tuple[str, dict[str, Any]]]) -> bytes:
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in rows).encode()


_count = 0


def _new(prefix: str) -> str:
    global _count
    _count += 1
    return f"{prefix}_{_count:06d}"


def _responses(turn: Turn) -> bytes:
    """OpenAI's Responses, as a stream."""
    answer = {"id": _new("resp"), "object": "response", "status": "in_progress", "output": []}
    item = _response_item(turn)
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15,
             "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}  # fmt: skip
    done = {**answer, "status": "completed", "output": [item], "usage": usage}
    return _events([
        ("response.created", {"type": "response.created", "response": answer}),
        ("response.output_item.added", {"type": "response.output_item.added", "output_index": 0, "item": item}),
        ("response.output_item.done", {"type": "response.output_item.done", "output_index": 0, "item": item}),
        ("response.completed", {"type": "response.completed", "response": done}),
    ])  # fmt: skip


def _response_item(turn: Turn) -> dict[str, Any]:
    """What a turn says in Responses; arguments that are a string are a custom tool's input."""
    if not turn.tool:
        content = [{"type": "output_text", "text": turn.text, "annotations": []}]
        return {"type": "message", "id": _new("msg"), "role": "assistant", "status": "completed", "content": content}
    if isinstance(turn.arguments, str):
        names = {"id": _new("ctc"), "call_id": _new("call"), "name": turn.tool}
        return {"type": "custom_tool_call", **names, "input": turn.arguments}
    space, _, name = turn.tool.rpartition("/")
    names = {"id": _new("fc"), "call_id": _new("call"), "name": name, **({"namespace": space} if space else {})}
    return {"type": "function_call", **names, "arguments": json.dumps(turn.arguments)}


def _messages(turn: Turn, *, stream: bool) -> tuple[bytes, str]:
    """Anthropic's Messages."""
    usage = {"input_tokens": 10, "output_tokens": 5}
    block: dict[str, Any] = {"type": "text", "text": turn.text}
    if turn.tool:
        block = {"type": "tool_use", "id": _new("toolu"), "name": turn.tool, "input": turn.arguments}
    reason = "tool_use" if turn.tool else "end_turn"
    whole = {"id": _new("msg"), "type": "message", "role": "assistant", "model": "mock", "content": [block],
             "stop_reason": reason, "stop_sequence": None, "usage": usage}  # fmt: skip
    if not stream:
        return json.dumps(whole).encode(), "application/json"
    if turn.tool:
        start = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(turn.arguments)}
    else:
        start, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": turn.text}
    return _events([
        ("message_start", {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}),
        ("content_block_start", {"type": "content_block_start", "index": 0, "content_block": start}),
        ("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}),
        ("content_block_stop", {"type": "content_block_stop", "index": 0}),
        ("message_delta", {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}),
        ("message_stop", {"type": "message_stop"}),
    ]), "text/event-stream"  # fmt: skip


def _gemini(turn: Turn, *, stream: bool) -> tuple[bytes, str]:
    """Google's generateContent."""
    part: dict[str, Any] = (
        {"functionCall": {"name": turn.tool, "args": turn.arguments}} if turn.tool else {"text": turn.text}
    )
    whole = {
        "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
        "modelVersion": "mock",
    }
    if not stream:
        return json.dumps(whole).encode(), "application/json"
    return f"data: {json.dumps(whole)}\r\n\r\n".encode(), "text/event-stream"


def _chat(turn: Turn, *, stream: bool) -> tuple[bytes, str]:
    """OpenAI's chat completions."""
    call = {
        "id": _new("call"),
        "type": "function",
        "function": {"name": turn.tool, "arguments": json.dumps(turn.arguments)},
    }
    message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]} if turn.tool else {
        "role": "assistant", "content": turn.text}  # fmt: skip
    reason = "tool_calls" if turn.tool else "stop"
    head = {"id": _new("chat"), "created": 1, "model": "mock"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    if not stream:
        whole = {
            **head,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        }
        return json.dumps({**whole, "usage": usage}).encode(), "application/json"
    delta = {**message, "tool_calls": [{**call, "index": 0}]} if turn.tool else message
    rows = [
        {**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {
            **head,
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": {}, "finish_reason": reason}],
            "usage": usage,
        },
    ]
    return ("".join(f"data: {json.dumps(row)}\n\n" for row in rows) + "data: [DONE]\n\n").encode(), "text/event-stream"
