"""Files as an enemy, a crash or a careless merge would leave them."""

import json
import os
from pathlib import Path

TOKENS = "\x1b]0;owned\x07\x1b[31mred\x1b[0m \x9b2J \u202egnp.exe\u202c \u200b\ufeff\u2066 <script>alert(1)</script> |a|b| `x` [l](j)"
SURROGATE = '"\\ud800 \\udfff"'


def event(**fields: object) -> bytes:
    """One event line, with hostile text unless told otherwise."""
    base = {
        "agent_id": "codex-2",
        "event": "note",
        "summary": f"note evil {TOKENS}",
        "ts": "2026-01-02T03:04:05Z",
        "task_id": "T-1",
    }
    return json.dumps({**base, **fields}).encode()


def message(**fields: object) -> bytes:
    """One message line, with hostile text unless told otherwise."""
    base = {
        "from": "codex-2",
        "type": "request",
        "summary": f"ask {TOKENS}",
        "ts": "2026-01-02T03:04:05Z",
        "task_id": "T-1",
    }
    return json.dumps({**base, "to": "codex-1", **fields}).encode()


LINES = {
    "binary": bytes(range(256)) * 4,
    "byte_order_mark": b"\xef\xbb\xbf" + event(),
    "deep_nesting": b'{"summary":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "deep_objects": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "duplicate_keys": b'{"agent_id":"codex-2","agent_id":"codex-1","event":"note","summary":"x","ts":"2026-01-02T03:04:05Z"}',
    "huge_number": b'{"agent_id":"codex-2","event":"note","summary":"x","ts":"2026-01-02T03:04:05Z","n":' + b"9" * 5_000 + b"}",
    "huge_exponent": b'{"agent_id":"codex-2","event":"note","summary":1e999,"ts":"2026-01-02T03:04:05Z"}',
    "not_a_number": b'{"agent_id":"codex-2","event":NaN,"summary":Infinity,"ts":"2026-01-02T03:04:05Z"}',
    "lone_surrogates": b'{"agent_id":' + SURROGATE.encode() + b',"event":' + SURROGATE.encode() + b',"summary":' + SURROGATE.encode()
    + b',"id":' + SURROGATE.encode() + b',"from":' + SURROGATE.encode() + b',"ts":"2026-01-02T03:04:05Z"}',
    "wrong_types": event(agent_id=["a", {"b": 1}], event={"x": None}, summary=7, ts=12, receipts={"a": 1}, meta=[1], severity=3, task_id=9.5),
    "strange_receipts": event(receipts=[None, 1, {"a": "b"}, ["c"], "../../../etc/passwd", "\x00"], receipt=["x"]),
    "strange_meta": event(meta={"agent": ["x"], "alert": 5, "focus": {"a": 1}, "roles": ["manager"]}, event="handshake"),
    "strange_retired": event(event="retired", meta={"agent": {"a": 1}}),
    "null_everywhere": b'{"agent_id":null,"event":null,"summary":null,"ts":null,"id":null,"meta":null,"claim":null,"receipts":null}',
    "array": b"[1,2,3]",
    "text": b'"just text"',
    "empty_object": b"{}",
    "nul_bytes": b"\x00" * 500,
    "line_separators": '{"agent_id":"codex-2","event":"note","summary":"a\u2028b\u2029c\x85d","ts":"2026-01-02T03:04:05Z"}'.encode(),
    "terminal": event(),
    "future": event(ts="9999-12-31T23:59:59Z", id="01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    "before_christ": event(ts="0001-01-01T00:00:00+23:59"),
    "last_second": event(ts="9999-12-31T23:59:59-23:59"),
    "endless_stamp": event(ts="2" * 5_000),
    "traversal": event(task_id="../../outside", agent_id="../../../x", plan_id="/etc/passwd", branch="--upload-pack=x"),
    "evil_ids": event(task_id="CON", agent_id="-rf", id="x" * 5_000),
    "claim_that_is_none": event(event="claim", claim=[1, 2]),
    "alert": event(event="alert", meta={"alert": "x" * 5_000}),
    "too_long": b'{"summary":"' + b"x" * 70_000 + b'"}',
}  # fmt: skip

LONG_LINE = b'{"summary":"' + b"y" * 10_000_000 + b'"}'

DOCUMENTS = {
    "empty": b"",
    "binary": bytes(range(256)),
    "byte_order_mark": b"\xef\xbb\xbf{}",
    "deep": b"[" * 100_000,
    "array": b"[]",
    "number": b"7",
    "duplicate": b'{"agent_id":"a","agent_id":"b"}',
    "huge_number": b'{"agent_id":"codex-2","status":"active","fence":' + b"9" * 5_000 + b"}",
    "wrong_types": b'{"agent_id":["a"],"branch":{"b":1},"status":["active"],"claimed_at":5,"fence":"x","paths":{"a":1},'
    b'"taken_from":[1],"engineer":{"a":1},"manager":[2],"plan_id":{},"notes":[1],"steps":{"a":1},"receipts":"x",'
    b'"links":[1,{"type":[],"ref":{}}],"checkpoint":[],"created":[],"plan_id2":1,"title":{},"summary":[],"actor":{}}',
    "terminal": json.dumps({"agent_id": "codex-2", "status": "active", "claimed_at": "2026-01-02T03:04:05Z", "branch": TOKENS,
                            "notes": TOKENS, "plan_id": TOKENS, "fence": 3, "engineer": TOKENS, "manager": TOKENS,
                            "paths": [TOKENS], "summary": TOKENS, "title": TOKENS, "actor": TOKENS}).encode(),
    "surrogates": b'{"agent_id":' + SURROGATE.encode() + b',"status":"active","branch":' + SURROGATE.encode() + b',"summary":'
    + SURROGATE.encode() + b',"actor":' + SURROGATE.encode() + b',"engineer":' + SURROGATE.encode() + b"}",
    "traversal": b'{"agent_id":"../../x","task_id":"../../outside","plan_id":"../../y","engineer":"../z","status":"active","branch":"../../b"}',
    "large": b'{"notes":"' + b"z" * 5_000_000 + b'"}',
    "future": b'{"agent_id":"codex-2","status":"active","claimed_at":"9999-12-31T23:59:59Z","branch":"b","fence":9007199254740993}',
}  # fmt: skip

DOCUMENT_PLACES = [
    "_bus/claims/T-1.json",
    "_bus/assignments/T-1.json",
    "_plans/2026-01-02-a-plan.plan.json",
    "AGENT_MANIFEST.codex-2.json",
    "docs/quick-links.json",
    "_report/session/codex-1/inbox.json",
    "_report/agent/codex-2/T-1/summary.json",
    "_bus/.journal",
]

LOG_PLACES = [
    "_bus/events/events.jsonl",
    "_bus/messages/T-1.jsonl",
    "_bus/messages/manager-report.jsonl",
    "_bus/messages/agent-codex-1.jsonl",
    "memory/log.jsonl",
    "_report/consensus/D-1-20260102T030405Z.jsonl",
    "_report/agent/codex-1/errors.jsonl",
]

TEXT_PLACES = ["queue/001-a-task.md", "_report/ledger.csv", "_report/agent/codex-1/reflections/2026-01-02.md"]

ODD_NAMES = [
    "..json",
    "-rf.json",
    "a b.json",
    "CON.json",
    "x" * 200 + ".json",
    "\x1b[31m.json",
    "\u202e.json",
    "T-1 .json",
]


def put(root: Path, name: str, data: bytes) -> Path:
    """A file with these bytes, its folders made."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def log_of(lines: list[bytes]) -> bytes:
    """A log in which every line stands between two good ones, the last without its line end."""
    good = [event(summary="good event", event="status"), message(summary="good message", type="note")]
    return b"\n".join(part for line in lines for part in (good[0], line, good[1])) + b"\r\n" + lines[-1]


def make_fifo(path: Path) -> None:
    """A pipe nobody writes to: whoever opens it to read waits for ever."""
    os.mkfifo(path)


def make_folder(path: Path) -> None:
    """A folder where a file belongs."""
    path.mkdir()


def make_socket(path: Path) -> None:
    """A device node's harmless cousin: a link to /dev/zero, which never ends."""
    path.symlink_to("/dev/zero")


def make_link_out(path: Path) -> None:
    """A link out of the repository, to a file that must not change."""
    outside = path_outside(path) / "target.json"
    path.symlink_to(outside)


def make_link_loop(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


def path_outside(path: Path) -> Path:
    """The folder beside the repository that nothing may touch."""
    return next(parent for parent in path.parents if parent.name == "repo").parent / "outside"


KINDS = [make_fifo, make_folder, make_socket, make_link_out, make_link_loop]
